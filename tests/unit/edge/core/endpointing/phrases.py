"""Phrases of each language that end a turn, or do not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from edge.core.endpointing.lexicon import LEXICONS

FINISHED = {
    "de": (
        "Ruf mich an.",
        "Ich komme mit.",
        "Mach das Licht aus.",
        "Machen Sie bitte die Tür zu.",
        "Das ist alles, was ich brauche.",
        "Wo wohnen Sie?",
        "Wo kommst du her?",
        "Das ist richtig, oder?",
        "Kann ich das mal sehen?",
        "Ich weiß nicht, wo das Problem ist.",
        "Wenn es morgen regnet, bleiben wir zu Hause.",
    ),
    "en": (
        "Call me back.",
        "I need a taxi to the airport.",
        "My name is Peter.",
        "What are you looking at?",
        "If it rains tomorrow, we will stay at home.",
    ),
    "es": (
        "Llámame mañana por la tarde.",
        "Quiero reservar una mesa.",
        "Me llamo Carmen.",
        "¿Dónde está la estación?",
        "¿Y por qué?",
        "¿Qué número es?",
        "Está todo bien, ¿no?",
        "Si llueve mañana, nos quedamos en casa.",
    ),
    "fr": (
        "Rappelez-moi demain matin.",
        "Je voudrais réserver une table.",
        "Oui, s'il vous plaît.",
        "Encore un café, s'il vous plaît.",
        "Je ne sais pas ce que c'est.",
        "Tu habites où ?",
        "C'est pour quand ?",
        "S'il pleut demain, on reste à la maison.",
    ),
    "it": (
        "Richiamami domani mattina.",
        "Vorrei prenotare un tavolo.",
        "Non lo so ancora.",
        "Dov'è la stazione?",
        "Che numero è?",
        "Può ripetere, per favore?",
        "Se piove domani, restiamo a casa.",
    ),
    "nl": (
        "Bel me morgen op.",
        "Doe het licht aan.",
        "Daar hou ik van.",
        "Ik weet het.",
        "Zeg het maar.",
        "Ik weet niet wat het probleem is.",
        "Waar kijk je naar?",
        "Dat klopt, toch?",
        "Als het morgen regent, blijven we thuis.",
    ),
    "pt": (
        "Me liga amanhã de manhã.",
        "Quero reservar uma mesa.",
        "Eu vou embora.",
        "Onde fica a estação?",
        "Você mora onde?",
        "E por que?",
        "Está tudo certo, né?",
        "Se chover amanhã, ficamos em casa.",
    ),
}
UNFINISHED = {
    "de": (
        "Ich brauche ein Taxi zum",
        "Ich suche ein Geschenk für meine.",
        "Ich habe angerufen, weil",
        "Ich hätte gerne.",
        "Meine Nummer ist null eins sieben",
        "Meine Nummer ist.",
        "Wenn es morgen regnet.",
        "Moment mal.",
        "Können Sie mir?",
    ),
    "en": (
        "I need a taxi to the",
        "So I called them, and",
        "My name is.",
        "My number is five five five",
        "If it rains tomorrow.",
    ),
    "es": (
        "Necesito un taxi para el",
        "Llamé ayer, pero.",
        "Me gustaría.",
        "Mi número es seis cinco cuatro",
        "Si llueve mañana.",
        "¿Me puede decir?",
    ),
    "fr": (
        "J'ai besoin d'un taxi pour la",
        "J'ai appelé hier, mais.",
        "Je voudrais.",
        "Mon numéro est zéro six douze",
        "Quand il pleut demain.",
        "Est-ce que vous ?",
    ),
    "it": (
        "Ho bisogno di un taxi per la",
        "Ho chiamato ieri, ma.",
        "Mi chiamo.",
        "Il mio numero è tre quattro sette",
        "Se domani piove.",
        "Mi può dire?",
    ),
    "nl": (
        "Ik wil een taxi met de",
        "Ik heb gebeld, omdat.",
        "Mijn naam is.",
        "Mijn nummer is nul zes een",
        "Als het morgen regent.",
        "Kunt u me?",
    ),
    "pt": (
        "Preciso de um táxi para o",
        "Eu liguei ontem, mas.",
        "Meu nome é.",
        "Meu número é nove oito sete",
        "Se chover amanhã.",
        "Pode me dizer?",
    ),
}
OPEN_QUESTIONS = {
    "de": "Haben Sie das auch in der?",
    "en": "Do you have this in a?",
    "es": "¿Tiene usted esto en el?",
    "fr": "Vous avez la même chose dans le ?",
    "it": "Avete la stessa cosa con il?",
    "nl": "Heeft u dit ook met een?",
    "pt": "Você tem isso para o?",
}
ANSWERS = {
    "de": ("Ja, gerne.", "Nein, danke.", "Stimmt."),
    "en": ("Yes, please.", "No, thanks.", "Correct."),
    "es": ("Sí, claro.", "No, gracias.", "De acuerdo."),
    "fr": ("Oui.", "Non, merci.", "D'accord."),
    "it": ("Sì, grazie.", "Va bene.", "Niente."),
    "nl": ("Ja hoor.", "Nee, bedankt.", "Klopt."),
    "pt": ("Sim.", "Não, obrigada.", "Isso."),
}
BACKCHANNELS = {
    "de": ("Mhm.", "Ja, ja.", "Ach so.", "Alles klar.", "Ja, genau."),
    "en": ("Mhm.", "Uh-huh.", "Okay, okay.", "Yeah.", "Oh, right."),
    "es": ("Mhm.", "Sí, sí.", "De acuerdo.", "Ajá.", "Vale, vale."),
    "fr": ("Mhm.", "Oui, oui.", "D'accord.", "Ah bon.", "Très bien."),
    "it": ("Mhm.", "Sì, sì.", "Va bene.", "Ho capito.", "Certo."),
    "nl": ("Mm-hmm.", "Ja, ja.", "Ja hoor.", "Oké.", "Precies."),
    "pt": ("Uhum.", "Sim, sim.", "Tá bom.", "Entendi.", "Pois é."),
}
INTERRUPTIONS = {
    "de": ("Nein.", "Stopp.", "Moment mal.", "Ja, aber.", "Alles."),
    "en": ("No.", "Stop.", "Hold on.", "Yes, but."),
    "es": ("No.", "Para.", "Espera un momento.", "Sí, pero."),
    "fr": ("Non.", "Arrête.", "Attends.", "Oui, mais."),
    "it": ("No.", "Basta.", "Un attimo.", "Sì, ma."),
    "nl": ("Nee.", "Stop.", "Wacht even.", "Ja, maar."),
    "pt": ("Não.", "Para.", "Espera um momento.", "Sim, mas."),
}


def each(phrases: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    assert phrases.keys() == LEXICONS.keys()
    for language, texts in phrases.items():
        yield from ((language, text) for text in texts)
