"""Scripts for programs under audit that ignore HTTPS_PROXY: they send connections to the audit's proxy all the same.

NODE_OPTIONS loads `preload.cjs` into each Node process, and PYTHONPATH, which has this folder, `sitecustomize.py` into each
Python process. They run within the program, with its interpreter, and import nothing of ours.
"""
