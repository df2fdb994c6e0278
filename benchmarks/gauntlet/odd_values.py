"""Values as people, spreadsheets and old systems write them: dates, numbers, money, codes, and whom a row is about."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.gauntlet.odd import Odd
from benchmarks.gauntlet.odd_texts import ALL, odd
from benchmarks.gauntlet.planting import BORN, FIRST, NHS, PEOPLE, Rows, Written, all_put, people, put, serial, style, text

Change = Callable[[Rows], Rows]


def every(column: str, *values: str) -> Change:
    """Every row with one of these values in a column, in turn."""
    return lambda rows: [row | {column: values[at % len(values)]} for at, row in enumerate(rows)]


def some(column: str, *values: str) -> Change:
    """The first rows with these values in a column."""
    return lambda rows: put(rows, column, *values)


def made(column: str, make: Callable[[str], str], only: int = PEOPLE) -> Change:
    """The first rows with a value made of what stood in a column."""
    return lambda rows: [*all_put(rows[:only], column, make), *rows[only:]]


def dated(written: str, *columns: str) -> Change:
    """Dates of some columns in another style."""

    def change(rows: Rows) -> Rows:
        for column in columns:
            rows = all_put(rows, column, style(written))
        return rows

    return change


def others(change: Change, first: int = 3000) -> Change:
    """The rows about people whom no other file is about."""
    return lambda rows: change([row | {"NHS_NUMBER": NHS[first + at]} for at, row in enumerate(rows)])


def twice(change: Change) -> Callable[[str], Written]:
    """A file that has its first three rows a second time, changed."""

    def write(key: str) -> Written:
        rows = people("apc", key)
        return Written("file.csv", text([*rows, *change(rows[:3])]).encode())

    return write


APC_DATES = ("PERSON_BIRTH_DATE", "ADMIDATE", "DISDATE", "EPISTART", "EPIEND")
SAME_DAYS = {f"admidate = DATE '{FIRST}'": 1, "disdate = admidate + 3": PEOPLE}
VALUES: tuple[Odd, ...] = (
    # dates
    Odd(
        "dates-as-numbers",
        "every date as the number that Excel gives it",
        "apc",
        odd(rows=lambda rows: [row | {name: serial(row[name]) for name in APC_DATES} for row in rows]),
        {"dates-as-numbers": 60},
        ALL,
        SAME_DAYS,
        lines=("extracts: dates as numbers",),
    ),
    Odd(
        "two-date-styles",
        "one column with days written in two ways",
        "apc",
        odd(rows=made("ADMIDATE", style("%d/%m/%Y"), 5)),
        rows=ALL,
        holds=SAME_DAYS,
        lines=("extracts: two date styles in one column",),
    ),
    Odd(
        "day-and-month-first",
        "one column with day first and month first",
        "apc",
        odd(
            rows=lambda rows: [
                row | {"DISDATE": "", "EPISTART": "", "EPIEND": "", "ADMIDATE": ("25/03/2026", "03/25/2026")[at % 2]}
                for at, row in enumerate(rows)
            ]
        ),
        {"date-order-in-doubt": 0, "unreadable-required-value": 6},
        (12, 6, 0, 6),
        lines=("extracts: two date styles in one column",),
    ),
    Odd(
        "month-names",
        "days such as 14-Mar-26",
        "apc",
        odd(rows=dated("%d-%b-%y", "ADMIDATE", "DISDATE", "EPISTART", "EPIEND")),
        rows=ALL,
        holds=SAME_DAYS,
    ),
    Odd("timestamps", "midnights with a zone", "apc", odd(rows=dated("%Y-%m-%dT00:00:00Z", *APC_DATES)), rows=ALL, holds=SAME_DAYS),
    Odd("bare-digits", "days as 20260314", "apc", odd(rows=dated("%Y%m%d", *APC_DATES)), rows=ALL, holds=SAME_DAYS),
    Odd(
        "impossible-days",
        "31 April, 30 February and a month 13",
        "apc",
        odd(rows=some("ADMIDATE", "2025-04-31", "2025-02-30", "2025-13-01")),
        {"unreadable-required-value": 3},
        (12, 9, 0, 3),
        lines=("record: dates that don't exist",),
    ),
    Odd(
        "zero-days",
        "00/00/0000 for no date",
        "apc",
        odd(rows=some("DISDATE", "00/00/0000", "0000-00-00")),
        {"unreadable-value": 2},
        ALL,
        {"disdate IS NULL": 2},
    ),
    Odd(
        "style-differs",
        "month first where sources.yml says day first",
        "apc",
        odd(rows=every("ADMIDATE", "03/25/2026")),
        {"unreadable-required-value": PEOPLE, "mostly-rejected": PEOPLE},
        (12, 0, 0, 12),
        source={"date_format": "%d/%m/%Y"},
    ),
    Odd(
        "two-digit-births",
        "dates of birth with two digits of the year",
        "apc",
        odd(rows=dated("%d/%m/%y", "PERSON_BIRTH_DATE")),
        {"unreadable-value": PEOPLE, "no-birth-date": PEOPLE},
        ALL,
    ),
    Odd(
        "default-births",
        "1 January 1900 for no date of birth",
        "apc",
        odd(rows=some("PERSON_BIRTH_DATE", "1900-01-01", "01/01/1900")),
        {"default-birth-date": 2, "no-birth-date": 2},
        ALL,
    ),
    Odd(
        "born-1850",
        "somebody who would be 175 years old",
        "apc",
        odd(rows=some("PERSON_BIRTH_DATE", "1850-06-07")),
        {"default-birth-date": 1, "no-birth-date": 1},
        ALL,
    ),
    Odd(
        "open-ends",
        "9999-12-31 for what goes on",
        "apc",
        odd(rows=some("DISDATE", "9999-12-31", "31/12/9999")),
        {"unreadable-value": 2},
        ALL,
        {"disdate IS NULL": 2},
    ),
    Odd(
        "year-2206",
        "a year of which two digits changed places",
        "apc",
        odd(rows=lambda rows: some("ADMIDATE", "2206-03-14")(every("DISDATE", "")(every("EPISTART", "")(every("EPIEND", "")(rows))))),
        {"unreadable-required-value": 1},
        (12, 11, 0, 1),
    ),
    Odd(
        "after-as-at",
        "an admission of next year",
        "apc",
        odd(
            rows=lambda rows: [
                row | dict.fromkeys(("ADMIDATE", "EPISTART", "DISDATE", "EPIEND"), "2027-01-02") if at < 2 else row
                for at, row in enumerate(rows)
            ]
        ),
        {"admission-after-as-at": 2},
        ALL,
    ),
    Odd(
        "ends-before-starts",
        "discharges before admissions",
        "apc",
        odd(rows=some("DISDATE", "2026-03-01", "2026-03-01")),
        {"discharge-before-admission": 2},
        (12, 10, 0, 2),
        lines=("record: ends before starts",),
    ),
    Odd(
        "births-after-deaths",
        "deaths of people not born yet",
        "deaths",
        odd(rows=others(some("PERSON_BIRTH_DATE", "2026-03-27", "2026-03-28")), contract="deaths"),
        {"birth-after-death": 2},
        (12, 10, 0, 2),
        lines=("record: births after deaths",),
    ),
    Odd(
        "deaths-before",
        "the deaths of twelve people",
        "deaths",
        odd(
            rows=others(lambda rows: every("REG_DATE_OF_DEATH", "2025-01-02")(every("REG_DATE", "2025-01-06")(rows)), 3500),
            contract="deaths",
        ),
        {"stopped": 0},
        ALL,
    ),
    Odd(
        "activity-after-death",
        "their admissions four months later",
        "apc",
        odd(rows=others(list, 3500)),
        {"activity-after-death": PEOPLE},
        ALL,
        lines=("record: activity after death",),
    ),
    Odd(
        "times",
        "24:00, 9:5 and 25:61 for times",
        "ecds",
        odd(rows=some("ARRIVAL_TIME", "25:61", "0930", "9.15"), contract="ecds"),
        {"unreadable-value": 2},
        ALL,
    ),
    # numbers and money
    Odd(
        "thousands",
        "1,234.50 and £1,234.50",
        "apc",
        odd(rows=every("FINAL_PRICE", "1,234.50", "£1,234.50", "£ 1,234.50")),
        rows=ALL,
        holds={"final_price_pence = 123450": PEOPLE},
        lines=("extracts: thousands separators",),
    ),
    Odd(
        "decimal-commas",
        "1.234,50, as Excel writes it abroad",
        "apc",
        odd(rows=some("FINAL_PRICE", "1.234,50", "1234,50")),
        {"unreadable-value": 2},
        ALL,
        {"final_price_pence IS NULL": 2},
    ),
    Odd(
        "accountants-negatives",
        "(12.50) and 12.50- for negative amounts",
        "apc",
        odd(rows=some("FINAL_PRICE", "(12.50)", "12.50-", "12.50 CR")),
        {"unreadable-value": 3},
        ALL,
        {"final_price_pence IS NULL": 3},
    ),
    Odd("negative-cost", "a negative unit cost", "cld", odd(rows=some("UNIT_COST", "-21.50"), contract="cld"), {"negative-cost": 1}, ALL),
    Odd("nothing-costs", "a price of 0 everywhere", "apc", odd(rows=every("FINAL_PRICE", "0", "0.00")), {"price-nought": PEOPLE}, ALL),
    Odd(
        "shortened-numbers",
        "1E+05 for a price and J44E+03 for nothing",
        "apc",
        odd(rows=some("FINAL_PRICE", "1E+05", "1.2345E+03")),
        {"digits-lost": 2},
        ALL,
        {"final_price_pence IS NULL": 2},
        lines=("extracts: 1E+05",),
    ),
    # whom a row is about
    Odd(
        "shortened-nhs-numbers",
        "4.01E+09 for NHS numbers",
        "apc",
        odd(rows=every("NHS_NUMBER", "9.99E+09")),
        {"digits-lost": PEOPLE, "no-nhs-number": PEOPLE},
        ALL,
        lines=("extracts: 1E+05",),
    ),
    Odd(
        "spaced-nhs-numbers",
        "NHS numbers with spaces and hyphens",
        "apc",
        odd(
            rows=lambda rows: [
                row | {"NHS_NUMBER": (" " if at % 2 else "-").join((row["NHS_NUMBER"][:3], row["NHS_NUMBER"][3:6], row["NHS_NUMBER"][6:]))}
                for at, row in enumerate(rows)
            ]
        ),
        rows=ALL,
        holds={"person_id > 0": PEOPLE},
    ),
    Odd(
        "float-nhs-numbers",
        "NHS numbers with .0, as pandas writes them",
        "apc",
        odd(rows=made("NHS_NUMBER", lambda number: f"{number}.0")),
        rows=ALL,
        holds={"person_id > 0": PEOPLE},
    ),
    Odd(
        "apostrophe-nhs-numbers",
        "NHS numbers behind an apostrophe, so that Excel leaves them",
        "apc",
        odd(rows=made("NHS_NUMBER", lambda number: f"'{number}")),
        rows=ALL,
        holds={"person_id > 0": PEOPLE},
    ),
    Odd(
        "nine-digit-nhs-numbers",
        "NHS numbers of nine digits",
        "apc",
        odd(rows=made("NHS_NUMBER", lambda number: number[1:], 3)),
        {"too-short-a-number": 3, "nhs-number-check-digit": 3},
        ALL,
    ),
    Odd(
        "wrong-check-digits",
        "NHS numbers with a wrong check digit",
        "apc",
        odd(rows=made("NHS_NUMBER", lambda number: number[:9] + str((int(number[9]) + 1) % 10), 3)),
        {"nhs-number-check-digit": 3},
        ALL,
        lines=("record: wrong check digit",),
    ),
    Odd(
        "placeholder-nhs-numbers",
        "9999999999, 0000000000 and UNKNOWN for no NHS number",
        "apc",
        odd(rows=some("NHS_NUMBER", "9999999999", "0000000000", "UNKNOWN")),
        {"nhs-number-check-digit": 3},
        ALL,
    ),
    Odd(
        "same-nhs-number",
        "every NHS number the same",
        "apc",
        odd(
            rows=lambda rows: every("NHS_NUMBER", NHS[3900])(
                [row | {"PERSON_BIRTH_DATE": BORN[at].isoformat()} for at, row in enumerate(rows)]
            )
        ),
        {"birth-date-disagrees": PEOPLE},
        ALL,
        {"linked_by IN ('nhs_number', 'nhs_number_alone')": 0},
        lines=("doors: every NHS number the same",),
    ),
    Odd(
        "nobody",
        "neither number nor name",
        "apc",
        odd(rows=lambda rows: every("NHS_NUMBER", "")(every("PERSON_FAMILY_NAME", "")(rows))),
        {"no-nhs-number": PEOPLE},
        ALL,
    ),
    # codes
    Odd(
        "zeros-lost",
        "department types 1 and 2 for 01 and 02",
        "ecds",
        odd(rows=every("DEPARTMENT_TYPE", "1", "2"), contract="ecds"),
        {"leading-zero-lost": PEOPLE},
        ALL,
        {"department_type IN ('01', '02')": PEOPLE},
        lines=("extracts: leading zeros lost",),
    ),
    Odd(
        "zeros-lost-practice",
        "practice codes without their zeros",
        "register",
        odd(rows=every("GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION", "INV1"), contract="register"),
        {"unknown-practice": PEOPLE},
        ALL,
        lines=("extracts: leading zeros lost",),
    ),
    Odd(
        "words-for-codes",
        "Female for 2 and Emergency for 21",
        "apc",
        odd(rows=lambda rows: some("ADMIMETH", "Emergency")([row | {"SEX": "Female"} for row in rows])),
        {"unknown-code": 13},
        ALL,
    ),
    Odd(
        "small-letter-codes",
        "codes in small letters, with spaces",
        "apc",
        odd(rows=every("ADMIMETH", " 2a ", "2b")),
        rows=ALL,
        holds={"admimeth IN ('2A', '2B')": PEOPLE},
    ),
    Odd("codes-with-fractions", "21.0 for 21", "apc", odd(rows=every("ADMIMETH", "21.0")), {}, ALL, {"admimeth = '21'": PEOPLE}),
    Odd(
        "unknown-practice",
        "a practice that the place doesn't know",
        "register",
        odd(rows=every("GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION", "Y99999"), contract="register"),
        {"unknown-practice": PEOPLE},
        ALL,
        lines=("record: unknown practice",),
    ),
    Odd(
        "no-practice",
        "V81999, nobody's practice",
        "register",
        odd(rows=every("GENERAL_MEDICAL_PRACTICE_CODE_PATIENT_REGISTRATION", "V81999"), contract="register"),
        {"unknown-practice": PEOPLE},
        ALL,
    ),
    Odd(
        "sql-for-values",
        "SQL for values",
        "community_activity",
        odd(rows=every("KIND", "'; DROP TABLE person; --"), contract="community_activity"),
        rows=ALL,
        holds={"kind LIKE '%DROP TABLE%'": PEOPLE},
        lines=("doors: SQL through every argument",),
    ),
    Odd(
        "notes-for-kinds",
        "clinical notes where a kind should stand",
        "community_activity",
        odd(
            rows=every("KIND", "Seen at home today, she is sad since her husband died and asks for help with shopping and meals"),
            contract="community_activity",
        ),
        {"reads-like-a-note": PEOPLE},
        ALL,
    ),
    # the same record again
    Odd("sent-twice", "three rows that stand in a file twice", "apc", twice(list), rows=(15, 12, 3, 0)),
    Odd(
        "corrected",
        "three rows again with another price",
        "apc",
        twice(every("FINAL_PRICE", "99.00")),
        rows=(15, 12, 3, 0),
        holds={"final_price_pence = 9900": 3},
    ),
)
