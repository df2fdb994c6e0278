"""One figure a file: the numbers it takes, the finding it states, the chart it draws and the table beside it."""
