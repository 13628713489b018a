"""The command line: one small file for each subcommand, and the only place that sees both packages."""
