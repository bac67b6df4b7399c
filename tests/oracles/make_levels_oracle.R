# Draws levels_pupils.csv and levels_growth.csv and fits them with lme4 and lmerTest; writes levels_lme4.csv.
# Run in this folder: Rscript make_levels_oracle.R   (R 4.2.2, lme4 1.1.31, lmerTest 3.1.3)
suppressMessages({library(lme4); library(lmerTest)})
set.seed(20)
pupils <- do.call(rbind, lapply(1:10, function(s) {
  u <- rnorm(1, 0, 4); b <- rnorm(1, 0, 1.2)
  do.call(rbind, lapply(1:sample(2:4, 1), function(k) {
    v <- rnorm(1, 0, 3); n <- sample(3:9, 1); x <- rnorm(n, 0.3 * u, 2)
    data.frame(school = sprintf("s%02d", s), class = sprintf("c%d", k), treated = s %% 2,
               x = round(x, 2), y = round(50 + 3 * (s %% 2) + (1.5 + b) * x + u + v + rnorm(n, 0, 6), 2))
  }))
}))
growth <- do.call(rbind, lapply(1:36, function(i) {
  s <- (i - 1) %/% 4
  set.seed(1000 + s); v0 <- rnorm(1, 0, 5); v1 <- rnorm(1, 0, 1)
  set.seed(2000 + i); u0 <- rnorm(1, 0, 8); u1 <- rnorm(1, 0, 1.5)
  year <- 2001:2005; year <- year[runif(5) > 0.15]; t <- year - 2001
  data.frame(school = sprintf("s%d", s), pupil = sprintf("p%02d", i), year = year, treated = s %% 2,
             y = round(200 + v0 + u0 + (10 + 2 * (s %% 2) + v1 + u1) * t + rnorm(length(t), 0, 4), 2))
}))
write.csv(pupils, "levels_pupils.csv", row.names = FALSE, quote = FALSE)
write.csv(growth, "levels_growth.csv", row.names = FALSE, quote = FALSE)
pupils <- read.csv("levels_pupils.csv"); growth <- read.csv("levels_growth.csv"); growth$t <- growth$year - 2001
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-12, maxfun = 1e6), check.conv.singular = "ignore")
models <- list(
  two = list(y ~ treated + x + (1 | school), pupils),
  slope = list(y ~ treated + x + (1 + x | school), pupils),
  three = list(y ~ treated + x + (1 | school) + (1 | school:class), pupils),
  growth = list(y ~ t * treated + (1 + t | pupil), growth),
  growth3 = list(y ~ t * treated + (1 + t | pupil) + (1 + t | school), growth))
out <- list()
for (name in names(models)) for (reml in c(TRUE, FALSE)) {
  m <- lmer(models[[name]][[1]], models[[name]][[2]], REML = reml, control = tight)
  add <- function(what, term, value) out[[length(out) + 1]] <<-
    data.frame(model = name, reml = as.integer(reml), what = what, term = term, value = sprintf("%.10g", value))
  co <- summary(m)$coefficients
  for (t in rownames(co)) { add("coef", t, co[t, 1]); add("se", t, co[t, 2]); if (reml) add("df", t, co[t, 3]) }
  v <- as.data.frame(VarCorr(m))
  for (i in seq_len(nrow(v))) add("cov", paste(v$grp[i], ifelse(is.na(v$var1[i]), "", v$var1[i]), ifelse(is.na(v$var2[i]), "", v$var2[i]), sep = "|"), v$vcov[i])
  add("loglik", "", as.numeric(logLik(m)))
  if (name == "two" && reml) {
    r <- ranef(m, condVar = TRUE)$school
    for (s in rownames(r)) { add("blup", s, r[s, 1]); add("condvar", s, attr(r, "postVar")[1, 1, match(s, rownames(r))]) }
  }
  if (name == "three" && reml) { r <- ranef(m)$school; for (s in rownames(r)) add("blup", s, r[s, 1]) }
}
write.csv(do.call(rbind, out), "levels_lme4.csv", row.names = FALSE, quote = FALSE)
