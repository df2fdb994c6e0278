"""The population: who belongs to the place and to which neighbourhood by date, code lists, denominators, data quality."""
