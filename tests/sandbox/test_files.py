"""Photos are encoded anew in sizes, documents keep every byte, and Telegram's size limits hold for both."""

from __future__ import annotations

import io

import pytest
import telegram
from PIL import Image
from telegram import InputMediaDocument, InputMediaPhoto, InputMediaVideo
from telegram.error import NetworkError

from impasto.sandbox import Sandbox
from impasto.sandbox.files import FileStore
from tests.people import Person
from tests.sandbox.conftest import refused


def picture(width: int, height: int, *, mode: str = "RGB", form: str = "PNG", **save: object) -> bytes:
    gradient = Image.linear_gradient("L").resize((width, height))
    image = Image.merge("RGB", (gradient, gradient.rotate(90), gradient.rotate(180))).convert(mode)
    out = io.BytesIO()
    image.save(out, form, **save)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


async def test_a_photo_comes_back_in_sizes_as_jpeg(bot: telegram.Bot, ada: Person) -> None:
    sent = await bot.send_photo(ada.id, picture(3000, 1500), caption="<b>new</b>", parse_mode="HTML")
    assert [max(size.width, size.height) for size in sent.photo] == [90, 320, 800, 1280, 2560]
    assert sent.caption == "new" and sent.caption_entities[0].type == "bold"
    file = await sent.photo[-1].get_file()
    data = bytes(await file.download_as_bytearray())
    assert (opened(data).format, opened(data).size) == ("JPEG", (2560, 1280))
    seen = await ada.sees("new")
    assert seen.photo is not None and await ada.download(seen.photo) == data


async def test_a_persons_photo_is_shrunk_turned_upright_and_stripped(bot: telegram.Bot, ada: Person) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Somebody's camera"  # turned by 90 degrees
    await ada.send_photo(picture(2000, 1000, form="JPEG", exif=exif), "mine")
    message = (await bot.get_updates())[-1].message
    assert message is not None and message.caption == "mine"
    assert [(s.width, s.height) for s in message.photo] == [(45, 90), (160, 320), (400, 800), (640, 1280)]
    data = bytes(await (await message.photo[-1].get_file()).download_as_bytearray())
    assert opened(data).size == (640, 1280) and not opened(data).getexif()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK"])
async def test_pictures_of_every_mode_become_photos(bot: telegram.Bot, ada: Person, mode: str) -> None:
    data = picture(40, 30, mode="L" if mode == "I;16" else mode, form="TIFF" if mode == "CMYK" else "PNG")
    if mode == "I;16":
        out = io.BytesIO()
        Image.new("I;16", (40, 30), 0xFFFF).save(out, "PNG")
        data = out.getvalue()
    sent = await bot.send_photo(ada.id, data)
    assert [(size.width, size.height) for size in sent.photo] == [(40, 30)]
    received = bytes(await (await sent.photo[0].get_file()).download_as_bytearray())
    assert opened(received).mode == "RGB"
    if mode == "I;16":
        assert opened(received).getpixel((5, 5)) == (255, 255, 255)


async def test_photos_that_telegram_refuses_are_refused(
    bot: telegram.Bot, ada: Person, sandbox: Sandbox
) -> None:
    for data, reason in (
        (picture(9000, 1001, form="JPEG"), "PHOTO_INVALID_DIMENSIONS"),
        (picture(2010, 100), "PHOTO_INVALID_DIMENSIONS"),
        (b"not a picture", "IMAGE_PROCESS_FAILED"),
        (picture(100, 100)[:200], "IMAGE_PROCESS_FAILED"),
        (picture(8, 8) + bytes(10 * 2**20), "too big for a photo; the maximum size is 10485760 bytes"),
    ):
        with refused(reason):
            await bot.send_photo(ada.id, data)
    with refused("caption is too long"):
        await bot.send_photo(ada.id, picture(8, 8), caption="x" * 1025)
    with refused("wrong file identifier"):
        await bot.send_photo(ada.id, "AgACAgIAAxkBAAIB")
    assert len(sandbox.refusals) == 7
    assert [message for message in ada.messages() if message.from_bot] == []


async def test_a_document_keeps_its_bytes_and_name_and_gets_a_thumbnail(
    bot: telegram.Bot, ada: Person
) -> None:
    data = picture(1000, 500)
    sent = await bot.send_document(ada.id, data, filename="закат.png", caption="full size")
    assert sent.document is not None and sent.document.thumbnail is not None
    assert (sent.document.file_name, sent.document.mime_type) == ("закат.png", "image/png")
    assert (sent.document.thumbnail.width, sent.document.thumbnail.height) == (320, 160)
    seen = await ada.sees("full size")
    assert seen.document is not None and await ada.download(seen.document) == data
    again = await bot.send_document(ada.id, sent.document.file_id)
    assert again.document is not None and again.document.file_unique_id == sent.document.file_unique_id
    with refused("can't use file of type Document as Photo"):
        await bot.send_photo(ada.id, sent.document.file_id)


async def test_files_above_20_mb_cannot_be_fetched_and_above_50_mb_not_sent(
    bot: telegram.Bot, ada: Person
) -> None:
    await ada.send_document(bytes(20 * 2**20 + 1), "scan.tiff")
    message = (await bot.get_updates())[-1].message
    assert message is not None and message.document is not None
    assert message.document.file_size == 20 * 2**20 + 1
    with refused("file is too big"):
        await message.document.get_file()
    with refused("Request Entity Too Large", NetworkError):
        await bot.send_document(ada.id, bytes(50 * 2**20 + 1), filename="huge.bin")


async def test_albums_go_both_ways(bot: telegram.Bot, ada: Person) -> None:
    await bot.get_updates(offset=-1)
    await ada.send_album([picture(30, 20), picture(20, 30)], "two")
    updates = [update.message for update in await bot.get_updates() if update.message][-2:]
    assert [m.caption for m in updates] == ["two", None]
    assert len({m.media_group_id for m in updates}) == 1 and len(updates) == 2
    sent = await bot.send_media_group(
        ada.id, [InputMediaPhoto(picture(30, 20), caption="a"), InputMediaPhoto(updates[0].photo[-1].file_id)]
    )
    assert len({m.media_group_id for m in sent}) == 1 and [m.caption for m in sent] == ["a", None]
    with refused("can't be mixed with other media types"):
        await bot.send_media_group(ada.id, [InputMediaPhoto(picture(8, 8)), InputMediaDocument(b"x")])
    with refused("2-10"):
        await bot.send_media_group(ada.id, [InputMediaPhoto(picture(8, 8))])


async def test_stickers_and_voices_go_by_upload_and_by_file_id(bot: telegram.Bot, ada: Person) -> None:
    sticker = (await bot.send_sticker(ada.id, picture(512, 512, form="WEBP"))).sticker
    assert sticker is not None and (sticker.width, sticker.is_animated) == (512, False)
    voice = (await bot.send_voice(ada.id, b"OggS" + bytes(9), caption="listen", duration=7)).voice
    assert voice is not None and voice.mime_type == "audio/ogg"
    again = (await bot.send_voice(ada.id, voice.file_id)).voice
    assert again is not None and again.file_unique_id == voice.file_unique_id
    assert (await bot.send_sticker(ada.id, sticker.file_id)).sticker is not None
    with refused("can't use file of type Sticker as Voice"):
        await bot.send_voice(ada.id, sticker.file_id)
    as_file = await bot.send_sticker(ada.id, picture(512, 512))
    assert as_file.sticker is None and as_file.document is not None, "a PNG is no sticker"


async def test_an_album_holds_photos_with_videos_or_documents_alone(bot: telegram.Bot, ada: Person) -> None:
    film = InputMediaVideo(b"....ftyp", caption="<i>film</i>", parse_mode="HTML")
    mixed = await bot.send_media_group(ada.id, [InputMediaPhoto(picture(8, 8)), film])
    assert mixed[1].video is not None and mixed[1].caption_entities[0].type == "italic"
    files = await bot.send_media_group(ada.id, [InputMediaDocument(b"a"), InputMediaDocument(b"b")])
    assert len({message.media_group_id for message in files}) == 1
    with refused("can't be mixed"):
        await bot.send_media_group(ada.id, [film, InputMediaDocument(b"x")])
    with refused("too many messages to send as an album"):
        await bot.send_media_group(ada.id, [InputMediaDocument(b"x")] * 11)
    with refused("caption is too long"):
        long = InputMediaDocument(b"x", caption="x" * 1025)
        await bot.send_media_group(ada.id, [InputMediaDocument(b"x"), long])


async def test_a_text_can_become_a_picture_and_another_picture(bot: telegram.Bot, ada: Person) -> None:
    sent = await bot.send_message(ada.id, "Working")
    edited = await bot.edit_message_media(
        InputMediaPhoto(picture(50, 40), caption="half"), ada.id, sent.message_id
    )
    assert isinstance(edited, telegram.Message) and edited.photo and edited.text is None
    await bot.edit_message_caption(ada.id, sent.message_id, caption="done")
    assert (await ada.sees("done")).photo is not None
    with refused("no text in the message to edit"):
        await bot.edit_message_text("text", ada.id, sent.message_id)
    with refused("message is not modified"):
        same = InputMediaPhoto(edited.photo[-1].file_id, caption="done")
        await bot.edit_message_media(same, ada.id, sent.message_id)


async def test_other_kinds_of_message_reach_the_bot(bot: telegram.Bot, ada: Person) -> None:
    await ada.send_as("sticker", picture(512, 512, form="WEBP"), "sticker.webp")
    await ada.send_as("voice", b"OggS", "voice.ogg")
    await ada.send_as("video", b"....ftyp", "film.mp4")
    await ada.send_as("animation", b"GIF89a", "cat.gif")
    sticker, voice, video, animation = [update.message for update in (await bot.get_updates())[-4:]]
    assert sticker is not None and sticker.sticker is not None and not sticker.sticker.is_animated
    assert voice is not None and voice.voice is not None and voice.voice.mime_type == "audio/ogg"
    assert video is not None and video.video is not None
    assert animation is not None and animation.animation is not None


def test_the_oldest_files_make_room_for_new_ones() -> None:
    store = FileStore(budget=100)
    first, second, third = (store.add("document", bytes([n]) * 40, "text/plain") for n in range(3))
    assert store.get(first.file_id) is None and store.at(first.path) is None
    assert store.get(second.file_id) == second and store.at(third.path) == third
