"""The planner: pure functions from desired and live state to a plan."""
