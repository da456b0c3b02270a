"""Weeks in which nothing is wrong beyond the usual: who is paged?"""
