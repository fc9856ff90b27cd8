"""What all benchmarks share: a deployment of Verbatim, a meter of processes, the machine, spreads of figures."""
