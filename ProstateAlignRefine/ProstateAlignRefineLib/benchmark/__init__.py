"""How good a bundle is: on studies of known truth, beside trivial rules, degraded on purpose, and on a real study."""
