# Expected numbers for tests/test_designs_decompose.py and test_designs_compare.py, by plain loops in base R.
# Run: Rscript tests/oracles/make_decomposition_oracle.R > tests/oracles/decomposition.csv
wave <- function(n, a, b) { x <- sin(a * seq_len(n) + b) * 1e4; x - floor(x) }  # in [0, 1), the same in any language
n <- 240
nested <- data.frame(g = rep(1:12, each = 20)); nested$a <- as.numeric(nested$g <= 5)
mixed <- data.frame(g = rep(1:12, each = 20)); mixed$a <- as.numeric(wave(n, 0.9, 0.5) < 0.45)
made <- function(d) {
  d$x <- round(wave(n, 1.3, 0.2) + 0.3 * d$a + 0.05 * d$g, 6)
  d$z <- round(wave(n, 1.7, 0.4), 6)
  d$c <- findInterval(wave(n, 2.1, 0.6) + 0.15 * d$a, c(0.35, 0.7))
  d$y <- round(2 + 3 * d$x + d$z + d$a + 0.8 * d$c + wave(12, 2.3, 0.1)[d$g] + 4 * wave(n, 1.9, 1), 6)
  d$w <- round(0.5 + wave(n, 0.7, 0.3), 6)
  d
}
kitagawa <- function(d) {
  p <- sapply(0:1, function(k) tapply(d$w[d$a == k], d$c[d$a == k], sum) / sum(d$w[d$a == k]))
  r <- sapply(0:1, function(k) sapply(split(d[d$a == k, ], d$c[d$a == k]), function(s) weighted.mean(s$y, s$w)))
  made <- (p[, 2] - p[, 1]) * (r[, 1] + r[, 2]) / 2; fared <- (r[, 2] - r[, 1]) * (p[, 1] + p[, 2]) / 2
  c(sum(made) + sum(fared), sum(made), sum(fared), made, fared)
}
oaxaca <- function(d) {
  b <- coef(lm(y ~ x + z + a, d, weights = w))[1:3]
  b0 <- coef(lm(y ~ x + z, d[d$a == 0, ], weights = w)); b1 <- coef(lm(y ~ x + z, d[d$a == 1, ], weights = w))
  m <- sapply(0:1, function(k) c(1, sapply(c("x", "z"), function(v) weighted.mean(d[d$a == k, v], d$w[d$a == k]))))
  gap <- weighted.mean(d$y[d$a == 1], d$w[d$a == 1]) - weighted.mean(d$y[d$a == 0], d$w[d$a == 0])
  apart <- m[, 2] - m[, 1]
  c(gap, sum(apart * b), gap - sum(apart * b), sum(apart * b0), sum(m[, 1] * (b1 - b0)), sum(apart * (b1 - b0)),
    (apart * b)[2:3])
}
jack <- function(name, f, d, strata) {
  whole <- f(d); gs <- sort(unique(d$g)); left <- t(sapply(gs, function(g) f(d[d$g != g, ])))
  v <- rowSums(sapply(unique(strata), function(h) {
    own <- left[strata == h, , drop = FALSE]; m <- nrow(own)
    (m - 1) / m * colSums(sweep(own, 2, whole)^2)
  }))
  for (k in seq_along(whole)) cat(name, k - 1, sprintf("%.12g", whole[k]), sprintf("%.12g", sqrt(v[k])), sep = ",", fill = TRUE)
}
cat("case,part,value,se\n")
d <- made(nested); jack("kitagawa-nested", kitagawa, d, as.numeric(1:12 <= 5)); jack("oaxaca-nested", oaxaca, d, as.numeric(1:12 <= 5))
d <- made(mixed); jack("kitagawa-mixed", kitagawa, d, rep(1, 12)); jack("oaxaca-mixed", oaxaca, d, rep(1, 12))
# Every one of choose(8, 4) assignments of eight clusters, with a covariate.
d <- made(nested); d <- d[d$g <= 8, ]; real <- c(1, 3, 6, 8)
drawn <- function(who) coef(lm(y ~ as.numeric(g %in% who) + x, d))[2]
all <- combn(8, 4, drawn); mine <- drawn(real)
cat("reassigned", 0, sprintf("%.12g", mine), sprintf("%.12g", mean(abs(all) >= abs(mine) - 1e-9)), sep = ",", fill = TRUE)
