"""The pure parts, exactly and in virtual time."""
