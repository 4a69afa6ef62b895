"""Writes numbers, signs, times, dates, units and money as words for a voice. Pure.

A voice reads plain integers and decimals correctly in its language. These rules are for the forms
that it reads wrongly: "8:00" as "eight zero zero", "$5" as "dollar five", 5 < 6 as "five six".
"""
