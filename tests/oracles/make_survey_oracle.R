# Prints what alpha, omega, ICC are held to, for survey_small.csv. R 4.2.2, psych 2.2.9.
# Run from the repository's root: Rscript tests/oracles/make_survey_oracle.R
suppressMessages(library(psych))
options(digits = 10)
d <- read.csv("tests/oracles/survey_small.csv")
x <- d[, paste0("q", 1:6)]
a <- suppressWarnings(psych::alpha(x))
print(a$total$raw_alpha)
print(a$alpha.drop$raw_alpha)
n <- nrow(x); j <- ncol(x)
print(1 - (1 - a$total$raw_alpha) * qf(c(.975, .025), n - 1, (n - 1) * (j - 1)))  # Feldt
f <- factanal(x, 1, control = list(opt = list(factr = 1e2)))
l <- f$loadings[, 1]; u <- f$uniquenesses; s <- sapply(x, sd)
print(l)
print(c(standardized = sum(l)^2 / (sum(l)^2 + sum(u)), raw = sum(l * s)^2 / (sum(l * s)^2 + sum(u * s^2))))
d$score <- rowMeans(x)
m <- summary(aov(score ~ factor(school), data = d))[[1]]
size <- table(d$school); k0 <- (n - sum(size^2) / n) / (length(size) - 1)
msb <- m[1, 3]; msw <- m[2, 3]
print(c(icc1 = (msb - msw) / (msb + (k0 - 1) * msw), icc2 = (msb - msw) / msb, k0 = k0))
kbar <- n / length(size)
print(c(bliese_icc1 = (msb - msw) / (msb + (kbar - 1) * msw)))
