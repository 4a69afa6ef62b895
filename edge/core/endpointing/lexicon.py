"""The words that tell an end of turn from a pause, for each language: a file of data.

A word that ends a sentence as often as it leaves it open (German "an": "Ruf mich an.", "an der
Ecke") is in no list: punctuation and the models decide there. To add a language, add its `Lexicon`
to LEXICONS and its phrases to tests/unit/edge/core/endpointing/phrases.py.
"""

from dataclasses import dataclass

from schemas.languages import without_region


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _phrases(text: str) -> frozenset[str]:
    return frozenset(phrase.strip() for phrase in text.split("|"))


@dataclass(frozen=True)
class Lexicon:
    """The words of one language that matter to endpointing, lower case."""

    open_ends: frozenset[str] = frozenset()
    """Words that leave a statement open, with or without a full stop: "and", "the"."""
    asks_on: frozenset[str] = frozenset()
    """Words that leave a question open, with or without a question mark."""
    openings: frozenset[str] = frozenset()
    """Phrases of two or three words that begin a sentence or ask for time: "my name is"."""
    subordinate: frozenset[str] = frozenset()
    """First words of a clause that needs a main clause after it: "if"."""
    answers: frozenset[str] = frozenset()
    """Last words of a complete short answer to a question: "yes", "thanks"."""
    backchannels: frozenset[str] = frozenset()
    """Words, and phrases of two or three, that only say "I am listening"."""
    numbers: frozenset[str] = frozenset()
    """Numbers as they are dictated, with the articles that also mean "one"."""


_HUMS = _words("hm hmm mhm mm mmm")
"""Sounds that a recogniser writes in the same way in every language."""
NEUTRAL = Lexicon(backchannels=_HUMS)
"""For unknown languages, and for languages without a lexicon: punctuation and the models decide."""

_ENGLISH = Lexicon(
    open_ends=_words(
        "a about after an and are as at because before between but by can could do does for from "
        "had has have her his how i if in into is it's i'm let's like my of on or our so than "
        "that the their then there these this those to um uh uhm er hmm was were what when where "
        "whether which while who whose why will with without would your we're you're they he she "
        "we maybe perhaps very also just i'll i've they're he's she's"
    ),
    asks_on=_words(
        "a an and because but er get hmm how i if my or our the their uh uhm um what when where "
        "whether which while who whose why your"
    ),
    openings=_phrases(
        "tell me|thing is|number is|name is|can you|could you|would you|would like|i'd like|"
        "i want|i need|was thinking|is possible|possible to|you please|do you know|let me think|"
        "let me see|hold on|hang on|one moment|a moment|one second|a second"
    ),
    subordinate=_words("if when because although though unless while since once after"),
    answers=_words(
        "yes no yeah yep yup nope sure okay ok correct right exactly please thanks none nothing "
        "never neither both"
    ),
    backchannels=_HUMS
    | _words(
        "ah aha alright cool good great huh nice oh ok okay right sure uh uhm uhuh um wow yeah "
        "yep yes yup"
    ),
    numbers=_words("zero oh one two three four five six seven eight nine double triple"),
)

_GERMAN = Lexicon(
    # No word that is also a separable prefix: an, auf, aus, ein, mit, nach, um, vor, zu.
    open_ends=_words(
        "und oder aber sondern sowie weil dass wenn ob obwohl sodass für von vom zum zur im am "
        "beim ins ans aufs in gegen wegen seit bis zwischen trotz der die den dem des mein meine "
        "meinen meinem meiner dein deine deinen deinem deiner ihre ihren ihrem ihrer unser "
        "unsere unseren unserem unserer seine seinen seinem seiner kein diesen diesem äh ähm öh "
        "öhm hm hmm also"
    ),
    # Not "oder", which is a tag question at the end.
    asks_on=_words(
        "und aber weil dass wenn ob für von vom zum zur im am beim ins der die den dem des mein "
        "meine meinen meinem meiner dein deine deinen deinem deiner ihre ihren ihrem ihrer unser "
        "unsere unseren ein eine einen einem einer wann wo wie warum wieso welche welchen "
        "welcher welches äh ähm öh öhm"
    ),
    openings=_phrases(
        "ich hätte gern|ich hätte gerne|ich würde gern|ich würde gerne|ja ich möchte|"
        "und ich möchte|also ich möchte|aber ich möchte|mein name ist|meine nummer ist|"
        "meine telefonnummer ist|meine adresse ist|die sache ist|die frage ist|ich heiße|sag mir|"
        "sagen sie mir|kannst du mir|können sie mir|könntest du mir|könnten sie mir|moment mal|"
        "moment bitte|warte mal|warte kurz|warten sie mal|warten sie kurz|mal überlegen|"
        "kurz überlegen|mich überlegen"
    ),
    subordinate=_words("wenn falls weil obwohl sobald solange nachdem bevor ehe ob sofern"),
    answers=_words(
        "ja nein doch jawohl jo jep nö nee ne klar sicher natürlich genau richtig stimmt korrekt "
        "gern gerne okay ok bitte danke nichts niemand keiner keine keins nie niemals beide "
        "beides"
    ),
    backchannels=_HUMS
    | _words(
        "ja jaja aha ah ach oh so na okay ok gut klar genau stimmt richtig verstehe super toll "
        "schön prima"
    )
    | _phrases("alles klar|ich verstehe|ja ich verstehe|in ordnung|sehr gut|sehr schön"),
    numbers=_words(
        "null eins zwei zwo drei vier fünf sechs sieben acht neun ein eine einen einem einer"
    ),
)

_FRENCH = Lexicon(
    # Not "est" nor "c'est": "je sais ce que c'est".
    open_ends=_words(
        "et ou mais donc car parce que qu' comme lorsque puisque dont de du des d' le la l' les "
        "au aux à en dans sur avec pour par chez vers entre pendant mon ma mes ton ta tes sa ses "
        "notre votre nos vos leurs ce cet cette ces quel quelle quels quelles je j' tu il ils on "
        "ne n' me m' te t' se s' très chaque quelques j'aimerais c'est-à-dire euh heu ben hm hmm"
    ),
    # No question word: "tu habites où ?", "c'est quand ?", "c'est qui ?" are whole.
    asks_on=_words(
        "et mais parce que qu' de du des d' le la l' les un une au aux à en dans par mon ma mes "
        "ton ta tes notre votre nos vos ce cet cette ces quel quelle quels quelles je j' si euh "
        "heu"
    ),
    openings=_phrases(
        "je voudrais|je m'appelle|mon nom est|mon nom c'est|mon numéro est|mon numéro c'est|"
        "mon adresse est|mon adresse c'est|le problème est|le problème c'est|la question est|"
        "il me faut|me demande si|savoir si|dis-moi si|dites-moi si|pouvez-vous me|"
        "pourriez-vous me|peux-tu me|pourrais-tu me|est-ce que je|est-ce que tu|est-ce que vous|"
        "laissez-moi réfléchir|laisse-moi réfléchir|laissez-moi voir|laisse-moi voir|"
        "attendez une seconde|attends une seconde|attendez un instant|attends un instant"
    ),
    # Not "s'il": "s'il vous plaît" is no clause.
    subordinate=_words("si quand lorsque lorsqu'il lorsqu'on puisque puisqu'il parce quoique"),
    answers=_words(
        "oui non si ouais ok okay d'accord merci exact exactement correct parfait voilà "
        "volontiers sûr rien jamais personne aucun aucune"
    ),
    backchannels=_HUMS
    | _words(
        "oui ouais ok okay d'accord bien bon ah oh euh voilà exact exactement super parfait "
        "génial entendu"
    )
    | _phrases("très bien|je vois|je comprends|ça marche|ça va|c'est ça|bien sûr|oui bien sûr"),
    numbers=_words(
        "zéro un une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze "
        "quinze seize vingt trente quarante cinquante soixante"
    ),
)

_SPANISH = Lexicon(
    open_ends=_words(
        "y e o u ni pero sino porque que si cuando como donde aunque mientras de del a al en con "
        "por para hasta desde hacia según el la los las un unos unas mi tu su mis tus sus "
        "nuestro nuestra nuestros nuestras cada muy me te se le les lo nos he ha han hemos había "
        "quisiera eh em"
    ),
    # Not the question words with an accent: "¿y por qué?", "¿desde cuándo?" are whole.
    asks_on=_words(
        "y o pero porque que si de del a al en con por para el la los las un una unos unas mi tu "
        "su mis tus sus me te se le lo muy em"
    ),
    openings=_phrases(
        "me gustaría|me llamo|mi nombre es|mi número es|mi teléfono es|mi dirección es|"
        "el problema es|la cosa es|que pasa es|la verdad es|o sea|puede decirme|puedes decirme|"
        "podría decirme|podrías decirme|me puede decir|me puedes decir|me podría decir|"
        "me podrías decir|espere un momento|espera un momento|espere un segundo|"
        "espera un segundo|momento por favor|déjame pensar|déjeme pensar|déjame ver|déjeme ver"
    ),
    subordinate=_words("si cuando porque aunque mientras"),
    answers=_words(
        "sí si no claro vale ok okay gracias exacto exactamente correcto perfecto bueno bien "
        "acuerdo favor nada nadie nunca ninguno ninguna ambos ambas también tampoco"
    ),
    backchannels=_HUMS
    | _words(
        "sí si ya vale ok okay claro bueno bien ajá aha ah oh eh exacto perfecto genial entiendo "
        "entendido"
    )
    | _phrases("de acuerdo|está bien|muy bien|ya veo|por supuesto|claro que sí"),
    numbers=_words("cero uno una dos tres cuatro cinco seis siete ocho nueve doble"),
)

_ITALIAN = Lexicon(
    open_ends=_words(
        "e ed o oppure ma che se mentre siccome di del dello della dei degli delle dell' a ad al "
        "allo alla ai agli alle all' da dal dallo dalla dai dagli dalle dall' in nel nello nella "
        "nei negli nelle nell' con sul sullo sulla sui sugli sulle sull' per tra fra il lo la i "
        "gli le l' un un' ogni mi ti ci vi ne non vorrei cioè ehm uhm hm hmm"
    ),
    asks_on=_words(
        "e ed o ma che se di del dello della dei degli delle a ad al alla ai alle da dal dalla "
        "in nel nella con per tra fra il lo la i gli le l' un una un' mi ti ci non ehm uhm"
    ),
    openings=_phrases(
        "mi chiamo|mio nome è|mio numero è|mio telefono è|mio indirizzo è|il problema è|"
        "la cosa è|il fatto è|può dirmi|puoi dirmi|potrebbe dirmi|potresti dirmi|mi può dire|"
        "mi puoi dire|mi sa dire|mi saprebbe dire|aspetti un attimo|aspetta un attimo|"
        "aspetti un momento|aspetta un momento|un attimo solo|fammi pensare|mi faccia pensare|"
        "mi lasci pensare"
    ),
    subordinate=_words("se quando perché sebbene mentre siccome poiché benché"),
    answers=_words(
        "sì si no certo esatto esattamente giusto corretto perfetto grazie ok okay bene "
        "d'accordo volentieri favore niente nulla nessuno nessuna mai entrambi entrambe"
    ),
    backchannels=_HUMS
    | _words(
        "sì si ok okay certo bene esatto giusto già ah oh eh mh perfetto ottimo capito d'accordo "
        "infatti"
    )
    | _phrases("va bene|ho capito|sì va bene|certo che sì"),
    numbers=_words("zero uno una due tre quattro cinque sei sette otto nove"),
)

_PORTUGUESE = Lexicon(
    # Not "embora": "vou embora".
    open_ends=_words(
        "e ou mas porque que se enquanto de do da dos das a à ao aos às o os as em no na nos nas "
        "num numa com por pelo pela pelos pelas para pra pro sobre desde uns umas cada nem me "
        "lhe gostaria hum ahn hm hmm"
    ),
    # Not "que": "e por que?" is whole.
    asks_on=_words(
        "e ou mas porque se de do da dos das a à ao o os as em no na nos nas num numa com por "
        "para pra um uma me ahn"
    ),
    openings=_phrases(
        "me chamo|meu nome é|meu número é|meu telefone é|meu endereço é|o problema é|a questão é|"
        "sim eu queria|bom eu queria|olá eu queria|oi eu queria|você pode me|você poderia|"
        "pode me dizer|poderia me dizer|podia me dizer|pode dizer-me|podia dizer-me|"
        "só um momento|só um segundo|só um minuto|espere um momento|espera um momento|"
        "deixa eu ver|deixa eu pensar|deixe-me ver|deixe-me pensar|deixa-me ver|deixa-me pensar"
    ),
    subordinate=_words("se quando porque embora enquanto caso"),
    answers=_words(
        "sim não claro certo exato exatamente correto perfeito isso ok okay bem obrigado "
        "obrigada favor nada ninguém nunca nenhum nenhuma ambos ambas também"
    ),
    backchannels=_HUMS
    | _words(
        "sim é tá ok okay certo claro bom bem pois uhum aham hum ah oh isso exato legal ótimo "
        "perfeito entendi"
    )
    | _phrases("tá bom|está bem|está bom|muito bem|com certeza|estou a ver"),
    numbers=_words(
        "zero um uma dois duas três quatro cinco seis sete oito nove"  # "meia" also means half
    ),
)

_DUTCH = Lexicon(
    # No word that is also a separable prefix (aan, af, bij, in, mee, op, uit, voor), and not
    # "maar", "naar", "van": "zeg het maar", "daar kijk ik naar", "daar hou ik van".
    open_ends=_words(
        "en of omdat hoewel terwijl zodat de met tot sinds tussen vanaf volgens wegens tijdens "
        "te mijn jouw uw onze elke dus eh ehm euh uh uhm um hm hmm"
    ),
    asks_on=_words("en omdat als de een mijn jouw uw onze met te eh ehm euh uh"),  # "of" is a tag
    openings=_phrases(
        "mijn naam is|mijn nummer is|mijn adres is|de vraag is|ik heet|ik zou graag|ik wil graag|"
        "kunt u mij|kunt u me|kun je mij|kun je me|zou u mij|zou u me|zou je me|wacht even|"
        "wacht eens even|moment graag|even nadenken|laat me denken|laat me kijken"
    ),
    subordinate=_words(
        "als wanneer omdat hoewel terwijl zodra nadat voordat tenzij zolang doordat"
    ),
    answers=_words(
        "ja nee jawel jazeker zeker natuurlijk klopt precies juist goed prima graag hoor oké ok "
        "okay bedankt dank niets niks niemand nooit geen beide allebei"
    ),
    backchannels=_HUMS
    | _words(
        "ja jaja oké ok okay goed prima precies klopt juist inderdaad aha ah oh leuk mooi zeker "
        "tuurlijk natuurlijk super"
    )
    | _phrases("ja hoor|heel goed|snap ik|begrijp ik|ik begrijp het|ik snap het"),
    numbers=_words("nul een één twee drie vier vijf zes zeven acht negen"),
)

LEXICONS = {
    "de": _GERMAN,
    "en": _ENGLISH,
    "es": _SPANISH,
    "fr": _FRENCH,
    "it": _ITALIAN,
    "nl": _DUTCH,
    "pt": _PORTUGUESE,
}
"""The lexicons by Whisper code."""


def lexicon(language: str) -> Lexicon:
    """Return the lexicon of *language*: a code such as "en" or "en-US", in upper or lower case."""
    return LEXICONS.get(without_region(language), NEUTRAL)
