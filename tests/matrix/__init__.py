"""Every defect alone, in pairs, and none at all, in virtual time: is each found by its own name, and nothing else?"""
