"""Carries out behaviours on time: one timer heap and one connection pool for each process."""
