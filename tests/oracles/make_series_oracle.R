# Expected numbers of tests/test_designs_series.py and leadlib/verify/series.py.
# Run from the folder of the repository: Rscript tests/oracles/make_series_oracle.R
# Base R with the recommended package nlme, and sandwich, lmtest, clubSandwich.
suppressMessages({library(nlme); library(sandwich); library(lmtest); library(clubSandwich)})
options(digits = 10)
cat(R.version.string, "nlme", as.character(packageVersion("nlme")), "sandwich", as.character(packageVersion("sandwich")),
    "clubSandwich", as.character(packageVersion("clubSandwich")), "\n")

# 1. Annual flow of the Nile, 1871 to 1970, from 1899 on (a dam).
d <- data.frame(y = as.numeric(Nile), t = 1871:1970)
d$post <- as.numeric(d$t >= 1899); d$since <- pmax(0, d$t - 1899)
g <- gls(y ~ t + post + since, d, correlation = corAR1(form = ~t), method = "REML")
cat("Nile gls phi", coef(g$modelStruct$corStruct, unconstrained = FALSE), "\n"); print(summary(g)$tTable[, 1:2])
m <- lm(y ~ t + post + since, d)
cat("Nile lm\n"); print(coef(m)); cat("NeweyWest lag 1\n")
print(sqrt(diag(NeweyWest(m, lag = 1, prewhite = FALSE, adjust = TRUE)))); print(dwtest(m)$statistic)

# 2. A small panel of schools, incomplete and in clusters, each with the forecast of its own earlier years.
p <- read.csv("tests/oracles/series_panel.csv", colClasses = c(school = "character", district = "character"))
start <- 2005
own <- function(p, baseline, complete) {
  if (complete) p <- p[!(p$school %in% p$school[is.na(p$score)]), ]
  p <- p[!is.na(p$score), ]
  comparison <- p[p$treated == 0, ]
  two <- lm(score ~ factor(school) + factor(year), comparison)
  effects <- c(0, coef(two)[grep("year", names(coef(two)))]); names(effects) <- sort(unique(comparison$year))
  p$score <- p$score - effects[as.character(p$year)]
  do.call(rbind, lapply(split(p, p$school), function(s) {
    early <- s[s$year < start, ]
    if (nrow(early) < if (baseline == "trend") 3 else 2) return(NULL)
    fit <- if (baseline == "trend") lm(score ~ year, early) else lm(score ~ 1, early)
    late <- s[s$year >= start, ]; late$d <- late$score - predict(fit, late); late }))
}
for (complete in c(TRUE, FALSE)) for (baseline in c("trend", "mean")) {
  d <- own(p, baseline, complete)
  if (complete) {
    u <- aggregate(d ~ school + district + treated, d, mean); m <- lm(d ~ treated, u)
    for (g in c("school", "district")) { cat("complete", baseline, g, "\n")
      print(as.data.frame(coef_test(m, vcov = "CR2", cluster = u[[g]], test = "Satterthwaite"))[2, ]) }
    for (y in unique(d$year)) { m <- lm(d ~ treated, d[d$year == y, ]); cat(baseline, y, "\n")
      print(as.data.frame(coef_test(m, vcov = "CR2", cluster = d$district[d$year == y], test = "Satterthwaite"))[2, ]) }
  } else {
    m <- lm(d ~ 0 + factor(year) + factor(year):treated, d); k <- length(unique(d$year))
    cat("incomplete", baseline, "\n")
    print(as.data.frame(linear_contrast(m, vcov = "CR2", cluster = d$district,
      contrasts = matrix(c(rep(0, k), rep(1 / k, k)), 1), test = "Satterthwaite")), digits = 10)
  }
}

# 3. Michigan, 1992-93 to 1997-98: schools of districts that spent little before the reform of 1994, against the others.
o <- read.csv(gzfile("data/michigan-1993-98/outcomes.csv.gz"), colClasses = c(school_id = "character"))
b <- read.csv(gzfile("data/michigan-1993-98/budget.csv.gz"), colClasses = c(school_id = "character"))
s <- read.csv(gzfile("data/michigan-1993-98/schools.csv.gz"), colClasses = c(school_id = "character", leaid = "character"))
b$spend <- suppressWarnings(as.numeric(b$spend_per_pupil_real_usd))
o$value <- suppressWarnings(as.numeric(o$value))
early <- merge(b[b$year == 1993 & !is.na(b$spend), c("school_id", "spend")], s[, c("school_id", "leaid")])
spend <- aggregate(spend ~ leaid, early, mean); spend$low <- as.numeric(spend$spend < median(spend$spend))
d <- merge(merge(o[!is.na(o$value), ], s[, c("school_id", "leaid")]), spend)
whole <- names(which(table(d$school_id) == 6)); d <- d[d$school_id %in% whole, ]
u <- do.call(rbind, lapply(split(d, d$school_id), function(x)
  data.frame(leaid = x$leaid[1], low = x$low[1], d = mean(x$value[x$year >= 1994]) - mean(x$value[x$year < 1994]))))
m <- lm(d ~ low, u)
cat("Michigan", nrow(u), length(unique(u$leaid)), "\n")
print(as.data.frame(coef_test(m, vcov = "CR2", cluster = u$leaid, test = "Satterthwaite")))
