"""One defect, one small file; its test beside it."""
