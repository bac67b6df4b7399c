# Expected numbers for tests/test_designs_wwc.py and leadlib/verify/effect_sizes.py; shares no code with leadlib.
# Run: Rscript make_wwc_oracle.R (R 4.2.2, base packages)
options(digits = 9)
two <- t.test(extra ~ group, data = sleep, var.equal = TRUE)
print(c(t = unname(two$statistic), p = two$p.value))
admitted <- UCBAdmissions["Admitted", , "A"]
refused <- UCBAdmissions["Rejected", , "A"]
fit <- glm(cbind(admitted, refused) ~ factor(c("b male", "a female")), family = binomial)
print(summary(fit)$coefficients[2, 1:2] / 1.65)
p <- c(.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1)
print(p.adjust(p, "BH"))
print(100 * (pnorm(c(.05, .18, .25, .42)) - .5))
# Differences in differences and clusters, written out.
n <- c(36, 35); post <- c(17.86, 21.16); pre <- c(23.03, 23.87); s <- c(10.37, 8.16)
sp <- sqrt(sum((n - 1) * s^2) / (sum(n) - 2)); w <- 1 - 3 / (4 * sum(n) - 9)
g <- w * (diff(rev(post)) - diff(rev(pre))) / sp
print(c(g = g, se = w * sqrt(2 * (1 - .65) * sum(1 / n) + g^2 / (2 * sum(n)))))
h <- function(N, M, r) { n <- N / M; ((N - 2) - 2 * (n - 1) * r)^2 / ((N - 2) * (1 - r)^2 + n * (N - 2 * n) * r^2 + 2 * (N - 2 * n) * r * (1 - r)) }
N <- 400; M <- 20; r <- .2; hh <- h(N, M, r); gam <- 1 - 2 * (N / M - 1) * r / (N - 2)
g <- (1 - 3 / (4 * hh - 1)) * .3 * sqrt(gam)
print(c(h = hh, g = g, se = sqrt((1 / 200 + 1 / 200) * (1 + (N / M - 1) * r) + g^2 / (2 * hh))))
