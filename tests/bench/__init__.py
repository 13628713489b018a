"""Speed, measured side by side in one run. No test: machines are noisy, and a figure is not a verdict."""
