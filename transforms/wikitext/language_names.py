"""English names of languages, for English `{{lang-fr|mot}}`, which a reader sees as `French: mot`."""

from __future__ import annotations

_TABLE = """af Afrikaans, akk Akkadian, am Amharic, ang Old English, ar Arabic, arc Aramaic, arz Egyptian Arabic, as Assamese, ast Asturian, ay
Aymara, az Azerbaijani, ba Bashkir, be Belarusian, bg Bulgarian, bn Bengali, bo Tibetan, br Breton, bs Bosnian, ca Catalan, ce Chechen, cel Celtic,
ceb Cebuano, co Corsican, cop Coptic, cs Czech, cu Church Slavonic, cy Welsh, da Danish, de German, dv Dhivehi, egy Egyptian, el Greek, en English,
enm Middle English, eo Esperanto, es Spanish, et Estonian, eu Basque, fa Persian, fi Finnish, fil Filipino, fo Faroese, fr French, fro Old French, frr
North Frisian, fur Friulian, fy West Frisian, ga Irish, gd Scottish Gaelic, gem Germanic, gl Galician, gmh Middle High German, gn Guarani, goh Old
High German, got Gothic, grc Ancient Greek, gsw Swiss German, gu Gujarati, gv Manx, ha Hausa, haw Hawaiian, he Hebrew, hbo Biblical Hebrew, hi Hindi,
hr Croatian, ht Haitian Creole, hu Hungarian, hy Armenian, id Indonesian, ig Igbo, ilo Ilocano, is Icelandic, it Italian, iu Inuktitut, ja Japanese,
jv Javanese, ka Georgian, kk Kazakh, kl Greenlandic, km Khmer, kn Kannada, ko Korean, ku Kurdish, kw Cornish, ky Kyrgyz, la Latin, lad Ladino, lb
Luxembourgish, lij Ligurian, lmo Lombard, ln Lingala, lo Lao, lt Lithuanian, lv Latvian, mg Malagasy, mi Māori, mk Macedonian, ml Malayalam, mn
Mongolian, mr Marathi, ms Malay, mt Maltese, my Burmese, nah Nahuatl, nap Neapolitan, nb Norwegian Bokmål, nds Low German, ne Nepali, nl Dutch, nn
Norwegian Nynorsk, no Norwegian, non Old Norse, nv Navajo, oc Occitan, ojp Old Japanese, or Odia, os Ossetian, ota Ottoman Turkish, pa Punjabi, peo
Old Persian, phn Phoenician, pi Pali, pl Polish, pms Piedmontese, ps Pashto, pt Portuguese, qu Quechua, rm Romansh, ro Romanian, rom Romani, ru
Russian, sa Sanskrit, sc Sardinian, scn Sicilian, sco Scots, sd Sindhi, se Northern Sami, sh Serbo-Croatian, si Sinhala, sk Slovak, sl Slovene, sm
Samoan, so Somali, sq Albanian, sr Serbian, su Sundanese, sux Sumerian, sv Swedish, sw Swahili, syc Syriac, syr Syriac, ta Tamil, te Telugu, tg Tajik,
th Thai, tk Turkmen, tl Tagalog, to Tongan, tr Turkish, tt Tatar, ty Tahitian, ug Uyghur, uk Ukrainian, ur Urdu, uz Uzbek, vec Venetian, vi
Vietnamese, wa Walloon, wo Wolof, xh Xhosa, yi Yiddish, yo Yoruba, zh Chinese, zu Zulu"""

ENGLISH = dict(entry.split(maxsplit=1) for entry in _TABLE.split(","))
"""code: as ISO 639 and Wikipedia name them."""
