"""The command line, `streamsoak`: one module per subcommand. The only package that imports both `loadtests` and `reports`.

A subcommand's module has HELP, `configure(parser)` and `run(arguments)`; slow imports are inside `run`. Modules that subcommands
share: `arguments` (options), `table` and `terminal` (output), `announce` (the verdict for a CI system). May import everything.
Begin with `__main__`.
"""
