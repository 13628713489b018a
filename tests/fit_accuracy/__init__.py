"""How good a fit is: do the parameters of simulated days come back within their intervals, and does a plan from a fit agree?"""
