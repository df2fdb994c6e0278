"""The first steps of a place: its folder written from a few answers or from published files, and a partner's file given a place in it.

tables.py      any file as a table of texts
published.py   what published files hold, told by their columns
district.py    the rows of published files that speak of one district
networks.py    neighbourhoods, practices and memberships of what was published
invented.py    a made-up place from a few answers
writing.py     the files of a folder
new.py         the story of `joinedup new`
profile.py     what a partner's file holds, column by column, and which columns could tell of a person
likeness.py    how alike two names or meanings are
guess.py       which contract a file follows, and which of its columns is which field
entry.py       the lines of sources.yml that say so
adding.py      the story of `joinedup add-source`
"""
