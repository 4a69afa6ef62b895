"""The words for signs, times and abbreviations in each voice's language. Data only."""

from typing import Final

LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl", "pt")
"""ISO 639-1."""

OTHER: Final = {
    "minus": "-",
    "to": "-",
    "percent": "%",
    "degrees": "°",
    "per_second": "/s",
    "cents": " ",
}
"""For voices of other languages: the sign itself, which they may know."""

# ruff: noqa: E501 - a table is easier to read in columns
_TABLE: Final = {
    "plus": ("plus", "plus", "plus", "más", "più", "plus", "mais"),
    "minus": ("minus", "minus", "moins", "menos", "meno", "min", "menos"),
    "times": ("times", "mal", "fois", "por", "per", "keer", "vezes"),
    "by": ("by", "mal", "sur", "por", "per", "bij", "por"),
    "divided": ("divided by", "geteilt durch", "divisé par", "dividido entre", "diviso", "gedeeld door", "dividido por"),
    "equals": ("equals", "gleich", "égale", "es igual a", "uguale", "is gelijk aan", "é igual a"),
    "unequal": ("is not equal to", "ungleich", "différent de", "no es igual a", "diverso da", "is niet gelijk aan", "é diferente de"),
    "plus_minus": ("plus or minus", "plus minus", "plus ou moins", "más menos", "più o meno", "plus of min", "mais ou menos"),
    "less": ("less than", "kleiner als", "inférieur à", "menor que", "minore di", "kleiner dan", "menor que"),
    "greater": ("greater than", "größer als", "supérieur à", "mayor que", "maggiore di", "groter dan", "maior que"),
    "at_most": ("at most", "höchstens", "au plus", "como máximo", "al massimo", "hoogstens", "no máximo"),
    "at_least": ("at least", "mindestens", "au moins", "como mínimo", "almeno", "minstens", "no mínimo"),
    "about": ("about", "etwa", "environ", "unos", "circa", "ongeveer", "cerca de"),
    "and": ("and", "und", "et", "y", "e", "en", "e"),
    "at": ("at", "at", "arobase", "arroba", "chiocciola", "apenstaartje", "arroba"),
    "dot": ("dot", "Punkt", "point", "punto", "punto", "punt", "ponto"),
    "slash": ("slash", "Schrägstrich", "slash", "barra", "barra", "slash", "barra"),
    "underscore": ("underscore", "Unterstrich", "tiret bas", "guion bajo", "trattino basso", "liggend streepje", "sublinhado"),
    "dash": ("dash", "Bindestrich", "tiret", "guion", "trattino", "streepje", "hífen"),
    "colon": ("colon", "Doppelpunkt", "deux points", "dos puntos", "due punti", "dubbele punt", "dois pontos"),
    "to": ("to", "bis", "à", "a", "a", "tot", "a"),
    "against": ("to", "zu", "à", "a", "a", "tegen", "a"),
    "number": ("number", "Nummer", "numéro", "número", "numero", "nummer", "número"),
    "percent": ("percent", "Prozent", "pour cent", "por ciento", "per cento", "procent", "por cento"),
    "degrees": ("degrees", "Grad", "degrés", "grados", "gradi", "graden", "graus"),
    "section": ("section", "Paragraf", "paragraphe", "artículo", "articolo", "artikel", "artigo"),
    "squared": ("squared", "Quadrat", "au carré", "al cuadrado", "al quadrato", "kwadraat", "ao quadrado"),
    "cubed": ("cubed", "hoch drei", "au cube", "al cubo", "al cubo", "tot de derde", "ao cubo"),
    "power": ("to the power of", "hoch", "puissance", "elevado a", "elevato a", "tot de macht", "elevado a"),
    "root": ("the square root of", "Wurzel aus", "racine carrée de", "raíz cuadrada de", "radice quadrata di", "wortel van", "raiz quadrada de"),
    "infinity": ("infinity", "unendlich", "l'infini", "infinito", "infinito", "oneindig", "infinito"),
    "per": ("per", "pro", "par", "por", "al", "per", "por"),
    "over": ("over", "durch", "sur", "sobre", "su", "gedeeld door", "sobre"),
    "out_of": ("out of", "von", "sur", "de", "su", "van de", "de"),
    "half": ("one half", "ein halb", "un demi", "un medio", "un mezzo", "een half", "meio"),
    "third": ("one third", "ein Drittel", "un tiers", "un tercio", "un terzo", "een derde", "um terço"),
    "two_thirds": ("two thirds", "zwei Drittel", "deux tiers", "dos tercios", "due terzi", "twee derde", "dois terços"),
    "quarter": ("one quarter", "ein Viertel", "un quart", "un cuarto", "un quarto", "een kwart", "um quarto"),
    "three_quarters": ("three quarters", "drei Viertel", "trois quarts", "tres cuartos", "tre quarti", "drie kwart", "três quartos"),
    "sharp": ("sharp", "sharp", "sharp", "sharp", "sharp", "sharp", "sharp"),
    "per_second": ("per second", "pro Sekunde", "par seconde", "por segundo", "al secondo", "per seconde", "por segundo"),
    "hour": ("{h} o'clock", "{h} Uhr", "{h} heures", "{h} en punto", "{h} in punto", "{h} uur", "{h} horas"),
    "clock": ("{h} {m}", "{h} Uhr {m}", "{h} heures {m}", "{h} y {m}", "{h} e {m}", "{h} uur {m}", "{h} e {m}"),
    "cents": (" and ", " ", " ", " con ", " e ", " ", " e "),
}  # fmt: skip

ABBREVIATIONS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "a.k.a.": "also known as", "approx.": "approximately", "cf.": "compare", "e.g.": "for example", "i.e.": "that is",
        "Eq.": "equation", "et al.": "and others", "Fig.": "figure", "Ft.": "Fort", "fig.": "figure", "Mt.": "Mount", "vs.": "versus", "vol.": "volume",
        "Vol.": "volume", "Dr.": "Doctor", "Mr.": "Mister", "Mrs.": "Misses", "Ms.": "Miz", "Prof.": "Professor",
        "Gen.": "General", "Capt.": "Captain", "Col.": "Colonel", "Lt.": "Lieutenant", "Sgt.": "Sergeant", "Gov.": "Governor",
        "Sen.": "Senator", "Rep.": "Representative", "Rev.": "Reverend", "Jr.": "Junior", "Sr.": "Senior", "w/o": "without", "w/": "with ",
        "Apt.": "apartment", "est.": "established", "Nos.": "numbers", "pp.": "pages", "Ph.D.": "PhD",
        "Inc.": "Incorporated", "Ltd.": "Limited", "Corp.": "Corporation", "Ave.": "Avenue", "Blvd.": "Boulevard",
    },
    "de": {
        "z. B.": "zum Beispiel", "z.B.": "zum Beispiel", "d. h.": "das heißt", "d.h.": "das heißt", "u. a.": "unter anderem", "u.a.": "unter anderem",
        "Mio.": "Millionen", "Mrd.": "Milliarden", "bzw.": "beziehungsweise", "ca.": "circa", "usw.": "und so weiter", "Nr.": "Nummer", "Dr.": "Doktor", "Hr.": "Herr", "Fr.": "Frau",
        "Prof.": "Professor", "vgl.": "vergleiche", "evtl.": "eventuell", "inkl.": "inklusive", "Str.": "Straße",
    },
    "fr": {"p. ex.": "par exemple", "p.ex.": "par exemple", "c.-à-d.": "c'est-à-dire", "env.": "environ", "n°": "numéro", "Mme": "Madame", "M.": "Monsieur", "Dr": "Docteur"},
    "es": {"p. ej.": "por ejemplo", "p.ej.": "por ejemplo", "aprox.": "aproximadamente", "n.º": "número", "núm.": "número", "Sr.": "señor", "Sra.": "señora", "Dr.": "doctor", "Dra.": "doctora", "Ud.": "usted"},
    "it": {"p.es.": "per esempio", "ecc.": "eccetera", "n.": "numero", "Sig.": "signor", "Dott.": "dottor", "ca.": "circa"},
    "nl": {"bijv.": "bijvoorbeeld", "d.w.z.": "dat wil zeggen", "ca.": "circa", "nr.": "nummer", "dhr.": "de heer", "mevr.": "mevrouw", "enz.": "enzovoort"},
    "pt": {"p. ex.": "por exemplo", "p.ex.": "por exemplo", "aprox.": "aproximadamente", "n.º": "número", "Sr.": "senhor", "Sra.": "senhora", "Dr.": "doutor", "Dra.": "doutora"},
}  # fmt: skip

UNITS: Final = {
    "km": "length-kilometer", "m": "length-meter", "cm": "length-centimeter", "mm": "length-millimeter", "µm": "length-micrometer", "nm": "length-nanometer",
    "mi": "length-mile", "yd": "length-yard", "ft": "length-foot", "kg": "mass-kilogram", "g": "mass-gram", "mg": "mass-milligram", "µg": "mass-microgram",
    "lb": "mass-pound", "lbs": "mass-pound", "oz": "mass-ounce", "t": "mass-tonne", "l": "volume-liter", "L": "volume-liter", "ml": "volume-milliliter",
    "mL": "volume-milliliter", "cl": "volume-centiliter", "dl": "volume-deciliter", "gal": "volume-gallon", "tsp": "volume-teaspoon", "tbsp": "volume-tablespoon",
    "km/h": "speed-kilometer-per-hour", "kmh": "speed-kilometer-per-hour", "kph": "speed-kilometer-per-hour", "mph": "speed-mile-per-hour", "m/s": "speed-meter-per-second", "m/s²": "acceleration-meter-per-square-second",
    "°C": "temperature-celsius", "℃": "temperature-celsius", "°F": "temperature-fahrenheit", "℉": "temperature-fahrenheit",
    "m²": "area-square-meter", "m2": "area-square-meter", "km²": "area-square-kilometer", "km2": "area-square-kilometer", "cm²": "area-square-centimeter",
    "ft²": "area-square-foot", "sqft": "area-square-foot", "m³": "volume-cubic-meter", "m3": "volume-cubic-meter", "cm³": "volume-cubic-centimeter", "ha": "area-hectare",
    "kB": "digital-kilobyte", "KB": "digital-kilobyte", "MB": "digital-megabyte", "GB": "digital-gigabyte", "TB": "digital-terabyte",
    "Mbps": "digital-megabit", "Mbit/s": "digital-megabit", "Gbps": "digital-gigabit", "kbps": "digital-kilobit", "MB/s": "digital-megabyte", "GB/s": "digital-gigabyte",
    "Hz": "frequency-hertz", "kHz": "frequency-kilohertz", "MHz": "frequency-megahertz", "GHz": "frequency-gigahertz",
    "V": "electric-volt", "mA": "electric-milliampere", "W": "power-watt", "kW": "power-kilowatt", "MW": "power-megawatt", "GW": "power-gigawatt", "kWh": "energy-kilowatt-hour",
    "J": "energy-joule", "kJ": "energy-kilojoule", "cal": "energy-calorie", "kcal": "energy-kilocalorie", "hPa": "pressure-hectopascal", "kPa": "pressure-kilopascal", "psi": "pressure-pound-force-per-square-inch",
    "ns": "duration-nanosecond", "µs": "duration-microsecond", "ms": "duration-millisecond", "s": "duration-second", "sec": "duration-second", "secs": "duration-second",
    "min": "duration-minute", "mins": "duration-minute", "h": "duration-hour", "hr": "duration-hour", "hrs": "duration-hour", "px": "graphics-pixel", "MP": "graphics-megapixel", "mpg": "consumption-mile-per-gallon", "hp": "power-horsepower",
}  # fmt: skip
"""Signs of units, and the units' names in the CLDR."""

CURRENCIES: Final = {
    "US$": "USD", "C$": "CAD", "A$": "AUD", "R$": "BRL", "$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "₽": "RUB", "₩": "KRW", "₺": "TRY", "₪": "ILS",
    "USD": "USD", "EUR": "EUR", "GBP": "GBP", "JPY": "JPY", "CHF": "CHF", "CAD": "CAD", "AUD": "AUD", "INR": "INR", "CNY": "CNY", "BRL": "BRL", "SEK": "SEK",
}  # fmt: skip

SCALES: Final = {"k": "thousand", "K": "thousand", "m": "million", "M": "million", "mn": "million", "bn": "billion", "B": "billion", "b": "billion"}  # fmt: skip
"""Letters after an amount of money, in English."""


def words(language: str) -> dict[str, str]:
    """Return the words of *language* (ISO 639-1) by name."""
    if language not in LANGUAGES:
        return OTHER
    column = LANGUAGES.index(language)
    return {name: row[column] for name, row in _TABLE.items()}
