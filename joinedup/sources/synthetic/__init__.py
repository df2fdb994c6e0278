"""Invented people: a whole place of them, written as the extracts that its partners would send.

People come in blocks, so that blocks can be made side by side and memory stays flat. Each subject (households, births,
admissions, ...) draws from a stream of random numbers of its own for each block: the same seed gives the same rows
whatever the number of workers, and a sector that is added later leaves those that exist as they were.

    setting.py   what the place folder fixes: areas, practices, hospitals, the mix of households
    block.py     one block of people: who they are, where they live, what befalls them
    register.py, apc.py, ecds.py, deaths.py     the rows of one contract each
    hospitals.py which hospital people go to, and how hospitals differ
    dirt.py      what is wrong with rows on purpose, one or several faults in a row
    drops.py, sending.py, own_ways.py     files month by month, each partner in its own way
    sheets.py    rows in a source's own columns, values and dates
    synthesis.py the whole
    broken.py    broken twins of the extracts: breaking.py says how, twins.py breaks rows, broken_files.py whole files
    figures/     every number that people are drawn from, with its source
"""

from joinedup.sources.synthetic.synthesis import synthesise

__all__ = ["synthesise"]
