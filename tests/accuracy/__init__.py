"""How good a plan is: made from one simulated hour, does it foresee another with another limit and other leaks?"""
