# Prints the lme4, lmerTest and nlme figures of leadlib/verify/multilevel.py.
# Run at the root of the repository: Rscript tests/oracles/make_levels_published.R [path of hsb82.csv]
# (R 4.2.2, lme4 1.1.31, lmerTest 3.1.3, nlme 3.1-162; hsb82.csv is Hsb82 of the R package mlmRev written by write.csv)
suppressMessages({library(lme4); library(lmerTest)})
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e6))
show <- function(title, formula, data) {
  m <- lmer(formula, data, control = tight)
  cat("\n##", title, "\n"); print(summary(m)$coefficients, digits = 9)
  print(as.data.frame(VarCorr(m)), digits = 9); print(c(logLik(m)), digits = 12)
  invisible(m)
}
p <- read.csv(gzfile("data/tennessee-star/pupil_years.csv.gz"), colClasses = c(school_id = "character"), stringsAsFactors = FALSE)
p$math <- suppressWarnings(as.numeric(p$math_score)); p$read <- suppressWarnings(as.numeric(p$read_score))
p$small <- as.integer(p$class_type == "small"); k <- subset(p, grade == "K")
show("STAR math", math ~ small + (1 | school_id), k)
show("STAR math, effect varying", math ~ small + (1 + small | school_id), k)
show("STAR reading", read ~ small + (1 | school_id), k)
w <- merge(subset(p, grade == "1" & !is.na(math), c("pupil_id", "school_id", "math")),
           setNames(subset(k, !is.na(math), c("pupil_id", "math")), c("pupil_id", "prior")))
print(ranef(show("STAR contributions", math ~ prior + (1 | school_id), w))$school_id[1:3, , drop = FALSE], digits = 8)
d <- read.csv("leadlib/verify/data/potthoff_roy_1964.csv"); d$t <- d$age - 8
show("Potthoff and Roy, by sex", distance_mm ~ t * boy + (1 + t | child), d)
o <- as.data.frame(nlme::Orthodont)
print(summary(nlme::lme(distance ~ age, data = nlme::Orthodont)))
print(summary(nlme::lme(distance ~ age * Sex, data = o, random = ~ age | Subject)))
path <- commandArgs(TRUE)
if (length(path)) {
  h <- read.csv(path[1]); h$cath <- as.integer(h$sector == "Catholic")
  for (f in c("mAch ~ 1 + (1 | school)", "mAch ~ cses + (1 + cses | school)", "mAch ~ cath + meanses + cses + (1 | school)",
              "mAch ~ cath + meanses + cses + cath:cses + meanses:cses + (1 + cses | school)")) show(f, as.formula(f), h)
}
