"""The record: people, registrations, residence, activity, diagnoses and discharge delays, one `.sql` and `.yml` for each table."""
