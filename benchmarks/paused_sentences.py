"""Sentences with and without a pause inside, in Aura's voice, to measure endpointing."""

import functools
from typing import Any

import numpy as np

from runtime.settings import load
from schemas.audio import RATE_HZ
from workers.engines import factory
from workers.engines.stt.whisper import WhisperRecognizer

PARTS = (
    ("I would like to book a table", "for four people tomorrow evening."),
    ("My number is five five five", "two three four one."),
    ("Can you tell me", "what the weather will be like in Berlin?"),
    ("I was thinking that", "maybe we could meet on Friday."),
    ("Please send the package to", "twenty one Baker Street in London."),
    ("Hello?", "How are you today?"),
    ("The thing is,", "I have already paid for it."),
    ("So I called them, and", "they told me to wait."),
    ("We need two coffees,", "and a piece of cake, please."),
    ("Is it possible to", "change the date of my flight?"),
)
"""Sentences spoken in one breath and cut in two, for the trade-off of waits."""
MORE = (
    ("I would like to order", "a large pizza with mushrooms."),
    ("Could you please", "turn on the lights in the kitchen?"),
    ("My name is", "Jonathan Miller."),
    ("We were driving home last night", "when the engine suddenly stopped."),
    ("I need to cancel my appointment", "because I have to travel next week."),
    ("The address is", "fourteen Oak Avenue, apartment six."),
    ("What I really want to know is", "how much it is going to cost."),
    ("First we go to the bank,", "then we can have lunch together."),
    ("I think", "we should wait until Monday."),
    ("Yes,", "that sounds good to me."),
    ("No,", "I meant the other one."),
    ("My credit card number is four two seven one", "eight eight three six."),
    ("I am calling about the order", "that I placed last week."),
    ("Is there a train to London", "that leaves before nine?"),
    ("If it rains tomorrow,", "we will stay at home."),
    ("I have been waiting here for an hour", "and nobody has answered."),
    ("Can I get a coffee", "with milk and two sugars, please?"),
    ("She told me that", "the shop is closed on Sundays."),
    ("I bought the blue one", "but I would rather have the red one."),
    ("The meeting is on Tuesday", "at half past three."),
    ("Well,", "it depends on the weather."),
    ("Let me think,", "maybe the one on the left."),
    ("How do I get", "from the airport to the city centre?"),
    ("I want to fly to Madrid", "on the twelfth of March."),
    ("Do you know if", "they have any rooms left?"),
    ("I am looking for a hotel", "near the central station."),
    ("Can you help me find", "a good Italian restaurant?"),
    ("My flight leaves at seven", "so I need a taxi at five."),
    ("The problem with my phone is", "that the battery dies too fast."),
    ("I would prefer the window seat", "if it is still available."),
    ("Please remind me tomorrow", "to call my mother."),
    ("What happens if", "I miss the last train?"),
    ("I spoke to one of your colleagues", "and he promised to call back."),
    ("Is the museum open", "on Sunday afternoon?"),
    ("My email address is", "john dot smith at example dot com."),
    ("I have two children", "and a very old dog."),
    ("Could you tell me the price of", "the red bicycle in the window?"),
    ("The package arrived yesterday", "but the box was empty."),
    ("Before we start", "I have one question."),
    ("He said", "that everything would be ready by noon."),
    ("I want a pizza with", "ham, mushrooms and extra cheese."),
    ("We could go to the beach", "or stay here and watch a film."),
    ("Turn left at the church", "and then go straight on."),
    ("It was so cold last night that", "the pipes were frozen."),
    ("Actually,", "I would rather do it tomorrow."),
    ("When will my order", "be delivered?"),
    ("Do you have this jacket", "in a smaller size?"),
    ("I forgot my password", "and I cannot log in."),
    ("Set an alarm for", "half past six in the morning."),
    ("Play some music by", "the Rolling Stones."),
    ("How long does it take to", "drive from Paris to Lyon?"),
    ("I paid with my credit card", "but I never got a receipt."),
    ("Tell me something about", "the history of this city."),
    ("The doctor told me to", "take two of these every day."),
    ("Yesterday", "I went to the market and bought some fish."),
    ("My brother and I", "are planning a trip to Norway."),
    ("If you have a moment", "could you check my account?"),
    ("I would like to change my booking from", "Friday to Saturday."),
    ("There were about", "fifty people at the party."),
    ("Can we meet at", "the coffee shop on Main Street?"),
    ("I am not sure whether", "I should buy it or rent it."),
    ("The last time I called", "nobody answered the phone."),
    ("Give me the number of", "the nearest police station."),
    ("My order number is", "seven three nine one five."),
    ("We are a group of six", "and two of us are vegetarian."),
)
"""Further sentences, to measure the probabilities of an end alone."""
WHOLE = (
    "What time is it?",
    "Stop.",
    "Thank you very much.",
    "Tell me a joke.",
    "I want to fly to Madrid.",
    "Yes, please.",
    "No, thanks.",
    "How are you today?",
    "What is the capital of France?",
    "Please turn off the light.",
    "I need a taxi to the airport.",
    "My name is Jonathan.",
    "That is all I wanted to know.",
    "Can you help me?",
    "Hello?",
    "It is ten o'clock.",
    "I would like to book a table for two.",
    "My number is five five five, two three four one.",
    "Never mind.",
    "The red one.",
    "On Friday morning.",
    "I do not think so.",
    "Who wrote Romeo and Juliet?",
    "Two coffees, please.",
    "Where is the nearest hospital?",
    "Cancel my order, please.",
    "I have lost my keys.",
    "What is the weather like in Rome?",
    "Good morning.",
    "Can I speak to a human?",
    "Book a table for four.",
    "No, that is wrong.",
    "Yes.",
    "It costs too much.",
    "I am calling about my bill.",
    "My order has not arrived.",
    "Who are you?",
    "Tell me about the weather.",
    "Turn the music down.",
    "I will take the blue one.",
    "How much is it?",
    "The train was late again.",
    "Call me back tomorrow.",
    "Okay, thank you, bye.",
    "What can you do?",
    "Is it going to rain today?",
    "I do not understand.",
    "Say that again, please.",
    "My daughter is five years old.",
    "We arrive on Monday at noon.",
    "Send it to my office.",
    "I like it very much.",
    "Which one is cheaper?",
    "Open the window.",
)
"""Sentences without a pause."""
PAUSES_MS = (300, 700, 1200)


@functools.cache
def _voice() -> Any:
    return factory.synthesizer(load(tts_engine="piper"))


@functools.cache
def say(text: str) -> bytes:
    """Return *text* in Aura's own voice, without the silence around it: s16le mono 16 kHz."""
    pcm = np.frombuffer(b"".join(_voice().synthesize(text)), np.int16)
    loud = np.nonzero(np.abs(pcm.astype(np.int32)) > 300)[0]
    return pcm[loud[0] : loud[-1]].astype("<i2").tobytes()


def room(ms: int, seed: int = 0) -> bytes:
    """Return the hiss of a quiet room."""
    return np.random.default_rng(seed).normal(0, 8, 16 * ms).astype("<i2").tobytes()


@functools.cache
def recognizer() -> Any:
    recognizer = WhisperRecognizer("tiny.en", threads=2)
    recognizer.warm()
    return recognizer


@functools.cache
def _aligner() -> Any:
    """Return plain faster-whisper, which tells when each word was said."""
    return recognizer()._model  # the same weights


@functools.cache
def split(first: str, second: str) -> tuple[bytes, bytes]:
    """Return the sentence spoken in one breath, cut where *second* begins."""
    whole = np.frombuffer(say(f"{first} {second}"), "<i2")
    audio = whole.astype(np.float32) / 32768
    segments, _ = _aligner().transcribe(audio, language="en", word_timestamps=True)
    words = [word for segment in segments for word in segment.words]
    about = int(RATE_HZ * words[min(len(first.split()), len(words) - 1)].start)
    low, high = max(0, about - 2400), min(whole.size, about + 1600)
    energy = np.convolve(np.abs(whole.astype(float)), np.ones(480) / 480, "same")
    at = low + int(np.argmin(energy[low:high]))
    return whole[:at].tobytes(), whole[at:].tobytes()
