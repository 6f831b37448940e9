"""The dashboard: compose a scenario, see its cost, run it, compare, and take everything away; in a browser, offline.

Pages are drawn by Streamlit (`app`, `pages_*`); all that can be tested without it stands in files of its own: the
scenario being composed (`idea`), its cost before running (`cost`), runs as processes watched through files (`jobs`,
`worker`), and what lies in the folder of results (`saved`). Nothing here changes a number of the model.
"""
