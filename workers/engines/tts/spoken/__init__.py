"""Numbers, signs, times, dates, units and money as a voice has to be told them. Pure.

A voice reads plain integers and decimals in its language; written here are those that it reads
wrongly: "8:00" is "eight zero zero" to it, "$5" is "dollar five", and 5 < 6 is "five six".
"""
