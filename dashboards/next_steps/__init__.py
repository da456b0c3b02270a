"""``NEXT.md``: what to do with what was built, with the paths and names of this build.

All of it are lines for files that are the user's: the build writes none of these.
"""
