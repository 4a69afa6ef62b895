"""Sentences in Aura's own voice, and words as they are compared."""

from pathlib import Path

import numpy as np
from whisper_normalizer.english import EnglishTextNormalizer

from runtime.settings import load
from workers.engines import weights
from workers.engines.tts.piper import PiperVoice

CACHE = Path("~/.cache/aura")
SENTENCES = (
    "Can you book a table for four at seven tomorrow evening?",
    "I would like to change my address.",
    "What time does the last train to London leave?",
    "Yes, please go ahead.",
    "No, that is wrong, I said the blue one.",
    "My name is Margaret Collins and I live in Bristol.",
    "How much does it cost to send a parcel to Canada?",
    "The printer on the second floor is out of paper again.",
    "Please turn off the lights in the kitchen.",
    "Is there a pharmacy that is open on Sunday?",
    "I need to speak to somebody about my bill.",
    "It started raining just as we left the house.",
    "Could you send me the invoice by email instead?",
    "She bought two pounds of apples and a loaf of bread.",
    "Thank you very much, that was all I wanted to know.",
    "The meeting has been moved to Thursday morning.",
    "Which bus goes to the airport from here?",
    "I forgot my password and the reset link does not work.",
    "Set a timer for ten minutes.",
    "He has been a teacher at that school for almost twenty years.",
    "Do you have this jacket in a larger size?",
    "Play some quiet music, please.",
    "There is a strange noise coming from the engine when I brake.",
    "We are planning a trip to Norway next summer.",
    "Cancel my appointment with the dentist.",
    "The museum is closed on Mondays, but the garden is always open.",
    "Tell me a story about a dragon who was afraid of the dark.",
    "My flight was delayed by three hours because of the fog.",
    "How do I get a refund for these shoes?",
    "Remind me to call my mother tonight.",
    "The internet has been down since yesterday afternoon.",
    "Would you like tea or coffee with your breakfast?",
    "I am not sure whether the package was delivered or not.",
    "Turn left at the church and then drive straight on.",
    "How many people live in New Zealand?",
    "That sounds good to me.",
    "Yes.",
    "No, thank you.",
    "Hello, how are you today?",
    "What is the capital of France?",
    "Please tell me a short joke while we wait.",
    "I would like to move my appointment from Tuesday morning to Friday afternoon.",
    "Can you tell me two facts about the moon?",
    "My order number is four seven one nine, and it has not arrived yet.",
    "The weather in Paris this afternoon is sunny, with a light wind from the west.",
    "Could you please repeat that? I did not hear the last part, because my dog was barking.",
    "I called last week about a broken heating system. The technician came on Monday, but it "
    "stopped again on Wednesday night, and now the whole house is cold.",
    "Good morning. I am looking for a hotel room for two people. We arrive on the third of May "
    "and we stay for four nights. We would like a quiet room with breakfast.",
    "Goodbye.",
    "Stop, stop, stop, that is not what I asked.",
)
normalized = EnglishTextNormalizer()
"""Normalises texts as Whisper's paper does: "3" is "three", "ill-disposed" is "ill disposed"."""


def spoken(takes: int) -> list[tuple[str, bytes]]:
    """Return each sentence *takes* times, s16le mono 16 kHz; no two takes are alike."""
    settings = load(cache_dir=CACHE)
    if (model := weights.find(settings.tts_voice, settings.cache_dir)) is None:
        raise FileNotFoundError(settings.tts_voice)
    voice = PiperVoice(model, cache=settings.cache_dir, noise=True)
    clips = []
    for at, text in enumerate(SENTENCES * takes):
        audio = np.pad(np.frombuffer(b"".join(voice.synthesize(text)), "<i2"), 3200)
        hiss = np.random.default_rng(at).normal(0, 33, len(audio))
        clips.append((text, np.clip(audio + hiss, -32768, 32767).astype("<i2").tobytes()))
    return clips


def words(text: str) -> list[str]:
    plain: str = normalized(text)
    return plain.split()
