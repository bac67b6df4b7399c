# Prints the figures of PowerUpR that leadlib/verify/power.py and tests/test_designs_power.py hold leadlib to.
# Run with the folder of the package's R files (PowerUpR 1.1.0) as argument: Rscript make_power_oracle.R path/to/R
for (f in list.files(commandArgs(TRUE)[1], full.names = TRUE)) source(f)
options(digits = 10)
show <- function(name, value) cat(name, format(c(value), digits = 10), "\n")
quiet <- function(x) { capture.output(v <- x); v }
for (n in c(8, 12, 40)) for (rho in c(.05, .2)) for (g in 0:1)
  show(paste("cra2", n, rho, g), c(
    quiet(mdes.cra2(rho2 = rho, n = 25, J = n, g2 = g, r22 = .4 * g))$mdes,
    quiet(power.cra2(es = .3, rho2 = rho, n = 25, J = n, g2 = g, r22 = .4 * g))$power))
