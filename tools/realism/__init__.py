"""Holds invented people against published figures and writes docs/explanation/realism.md: `python -m tools.realism SHARED [STORE]`.

SHARED is the folder of open data; STORE, where it is given, that of a build of the example place with every extract, from
which use and cost of all sectors are taken. The pictures go beside the page.

    invented.py    what the invented are like        published.py   what is published of the district
    distance.py    how far apart the two lie         built.py       use and cost, from a build
    pictures.py    charts and tables                 page.py        the page, from page.txt and build.txt
"""
