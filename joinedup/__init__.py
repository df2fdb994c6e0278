"""joinedup: the working system of a place, from its partners' extracts to a page per neighbourhood.

A module imports only from layers below it; neighbours on one line don't see each other (pyproject.toml holds this):

    cli
    demo | report
    land | build
    papers
    access
    outcomes | money
    population
    records
    identity
    sources
    place
    kept
    engine | statistics
    findings, periods, errors, progress
"""
