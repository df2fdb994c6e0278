# Questions to this folder, in R. Run it there: Rscript questions.R
#
# {said}
#
# Base R is enough where the folder holds CSV; for Parquet the package arrow is needed. Pseudonyms have up to 19 digits, more than R's
# numbers hold, so they are read as text. Counts are true ones: no count of 1 to 7 may leave the folder's owner (README.txt).

as_at <- as.Date("{as_at}")
since <- as.Date("{since}") # the twelve months up to the as-at date

ids <- c(person_id = "character", activity_id = "character", referral_id = "character")
codes <- c(sex = "character", admission_method = "character", provider_code = "character")

table_of <- function(name) {
  file <- paste0(name, ".csv")
  if (file.exists(file)) {
    head <- names(read.csv(file, nrows = 1))
    wanted <- c(ids, codes)
    return(read.csv(file, colClasses = wanted[names(wanted) %in% head], na.strings = "", encoding = "UTF-8"))
  }
  found <- as.data.frame(arrow::read_parquet(paste0(name, ".parquet")))
  for (id in intersect(names(ids), names(found))) found[[id]] <- as.character(found[[id]])
  found
}

person <- table_of("person")
activity <- table_of("activity")
activity$starts <- as.Date(activity$starts)
year <- activity[activity$starts >= since & activity$starts <= as_at, ]
registered <- sum(!is.na(person$neighbourhood_id))

# Emergency admissions by neighbourhood and month: admission methods that begin with 2
emergencies <- year[!is.na(year$admission_method) & startsWith(year$admission_method, "2"), ]
emergencies <- merge(emergencies, person[, c("person_id", "neighbourhood_id")], by = "person_id", all.x = TRUE)
emergencies$neighbourhood_id[is.na(emergencies$neighbourhood_id)] <- "not known"
emergencies$month <- format(emergencies$starts, "%Y-%m")
admissions <- as.data.frame(table(neighbourhood = emergencies$neighbourhood_id, month = emergencies$month), responseName = "admissions")
print(admissions[admissions$admissions > 0, ], row.names = FALSE)

# Cost by sector and head of who is registered in a neighbourhood
year$pounds <- year$cost_pence / 100
costs <- aggregate(pounds ~ sector, data = year, FUN = sum)
costs$pounds_per_head <- round(costs$pounds / registered, 2)
print(costs[order(-costs$pounds), ], row.names = FALSE)

# A cohort: who turned 65 or is older and came in as an emergency twice or more, by fifth of deprivation (1 is the most deprived)
older <- person[!is.na(person$birth_year) & person$birth_year <= as.integer(format(as_at, "%Y")) - 65, ]
times <- table(emergencies$person_id)
older$emergencies <- as.integer(times[older$person_id])
older$emergencies[is.na(older$emergencies)] <- 0
cohort <- aggregate(cbind(people = 1, in_cohort = older$emergencies >= 2), by = list(deprivation_fifth = older$deprivation_fifth), FUN = sum)
print(cohort, row.names = FALSE)
