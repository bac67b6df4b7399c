# Draws did_panel.csv and prints what test_designs_did.py expects of it.
# Run: Rscript make_did_oracle.R; R 4.2, clubSandwich.
suppressMessages(library(clubSandwich))
cat("clubSandwich", as.character(packageVersion("clubSandwich")), "\n")
set.seed(20)
sizes <- c(2, 4, 3, 5, 2, 6, 4, 3)
district <- rep(seq_along(sizes), sizes)
schools <- data.frame(school = seq_along(district), district = district, treated = as.numeric(district <= 3),
                      pupils = round(runif(length(district), 120, 800)), need = round(rnorm(length(district)), 3))
d <- merge(schools, data.frame(year = 2015:2020))
d <- d[order(d$school, d$year), ]
shock <- matrix(rnorm(8 * 6), 8, 6)
d$y <- round(50 + 3 * rnorm(nrow(schools))[d$school] + (d$year - 2015) + shock[cbind(d$district, d$year - 2014)] +
             rnorm(nrow(d)) + 1.5 * d$treated * (d$year >= 2018), 4)
d <- d[!(d$school %% 5 == 0 & d$year == 2016) & !(d$school %% 7 == 0 & d$year == 2019), ]
write.csv(d, "did_panel.csv", row.names = FALSE, quote = FALSE)
d$D <- d$treated * (d$year >= 2018)
show <- function(f, term, cl, w = NULL) {
  fit <- if (is.null(w)) lm(f, d) else lm(f, d, weights = pupils)
  ct <- coef_test(fit, vcov = "CR2", cluster = d[[cl]], test = "Satterthwaite", coefs = term)
  cat(deparse(f), cl, sprintf("%.8f %.8f %.6f", ct$beta, ct$SE, ct$df_Satt), "\n")
}
show(y ~ D + factor(year) + factor(school), "D", "school")
show(y ~ D + factor(year) + factor(school), "D", "district")
d$nx <- d$need * (d$year >= 2018)
show(y ~ D + nx + factor(year) + factor(school), "D", "school")
for (k in c(2015, 2016, 2018, 2019, 2020)) d[[paste0("e", k)]] <- d$treated * (d$year == k)
for (k in c(2015, 2016, 2018, 2019, 2020))
  show(y ~ e2015 + e2016 + e2018 + e2019 + e2020 + factor(year) + factor(school), paste0("e", k), "school")
b <- d[d$school %in% names(which(table(d$school) == 6)), ]
cat("balanced", nrow(b) / 6, "\n")
ch <- aggregate(cbind(post = y * (year >= 2018) / 3, pre = y * (year < 2018) / 3) ~ school + treated, b, sum)
fit <- lm(I(post - pre) ~ treated, ch)
ct <- coef_test(fit, vcov = "CR2", cluster = ch$school, test = "Satterthwaite")
cat(sprintf("%.8f %.8f %.6f", ct$beta[2], ct$SE[2], ct$df_Satt[2]), "\n")
