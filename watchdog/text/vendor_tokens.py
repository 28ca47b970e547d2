"""What the tokens of vendors look like: by how they begin, or by the vendor's name before them.

Taken as data from gitleaks (config/gitleaks.toml at commit b58d3f1, https://github.com/gitleaks/gitleaks)
and, where it says so, from detect-secrets (Apache-2.0, https://github.com/Yelp/detect-secrets).
Changed: lengths are lower bounds of about half, alphabets are wider, entropy is not asked for. We
rather mask one token too many than show the half of one that was cut off.

gitleaks is under the MIT License:

Copyright (c) 2019 Zachary Rice

Permission is hereby granted, free of charge, to any person obtaining a copy of this software
and associated documentation files (the "Software"), to deal in the Software without
restriction, including without limitation the rights to use, copy, modify, merge, publish,
distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or
substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING
BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""

from __future__ import annotations

import re

from watchdog.text.regex import regex

# How a token begins, and how many characters follow at least. Letters as they stand.
BEGINNINGS: tuple[tuple[str, int], ...] = (
    ("A3-", 24), ("ops_eyJ", 40), ("p8e-", 16), ("LTAI", 12), ("AKCp", 20), ("cmVmd", 30),
    ("ATATT3", 20), ("ABSK", 40), ("bedrock-api-key-", 12), ("4b1d", 30), ("CLOJARS_", 20),
    ("clojars_", 20), ("v1.0-", 20), ("dapi", 24), ("dnkey-", 20), ("doo_v1_", 20),
    ("dop_v1_", 20), ("dor_v1_", 20), ("dp.pt.", 20), ("dp.st.", 20), ("dp.ct.", 20),
    ("dp.sa.", 20), ("duffel_test_", 20), ("duffel_live_", 20), ("dt0c01.", 20), ("EZAK", 24),
    ("EZTK", 24), ("EAAM", 40), ("EAAC", 40), ("FLWSECK_TEST-", 10), ("FLWPUBK_TEST-", 10),
    ("FLWSECK-", 10), ("fo1_", 20), ("fm1a_", 40), ("fm1r_", 40), ("fm2_", 40), ("fio-u-", 20),
    ("AIza", 20), ("ya29.", 16), ("GOCSPX-", 16), ("ghu_", 16), ("ghs_", 16), ("ghp_", 16),
    ("gho_", 16), ("ghr_", 16), ("github_pat_", 20), ("glcbt-", 16), ("gldt-", 16),
    ("glffct-", 16), ("glft-", 16), ("glimt-", 16), ("glagent-", 16), ("gloas-", 16),
    ("glpat-", 16), ("glptt-", 16), ("glrt-", 16), ("glsoat-", 16), ("GR1348941", 12),
    ("live_", 30), ("test_pub_", 24), ("live_pub_", 24), ("eyJrIjoi", 30), ("glc_", 20),
    ("glsa_", 20), ("pat.", 40), ("sat.", 40), ("HRKU-AA", 24), ("hf_", 20), ("api_org_", 20),
    ("ico-", 24), ("s-s4t2ud-", 24), ("s-s4t2af-", 24), ("lin_api_", 20), ("pubkey-", 24),
    ("key-", 24), ("sk.eyJ", 24), ("pk.eyJ", 24), ("NRJS-", 12), ("NRII-", 16), ("NRAK-", 16),
    ("ntn_", 24), ("npm_", 20), ("API-", 24), ("sha256~", 24), ("pplx-", 24),
    ("access-sandbox-", 24), ("access-development-", 24), ("access-production-", 24),
    ("pscale_tkn_", 16), ("pscale_oauth_", 16), ("pscale_pw_", 16), ("PMAK-", 24), ("pnu_", 20),
    ("pul-", 24), ("pypi-Ag", 16), ("rdme_", 24), ("rubygems_", 24), ("tk-us-", 24),
    ("xkeysib-", 24), ("xsmtpsib-", 24), ("SG.", 24), ("sntrys_", 24), ("sntryu_", 24),
    ("sm_aat_", 10), ("sm_pat_", 10), ("sm_sat_", 10), ("shippo_live_", 16), ("shippo_test_", 16),
    ("shpat_", 16), ("shpca_", 16), ("shppa_", 16), ("shpss_", 16), ("squ_", 20), ("sqp_", 20),
    ("sqa_", 20), ("sgp_", 20), ("sq0atp-", 16), ("sq0csp-", 16), ("EAAA", 24), ("sk_test_", 10),
    ("sk_live_", 10), ("sk_prod_", 10), ("rk_test_", 10), ("rk_live_", 10), ("rk_prod_", 10),
    ("tfp_", 24), ("hvb.", 20), ("hvs.", 20), ("AQVN", 30), ("xapp-", 8), ("xoxb-", 8),
    ("xoxp-", 8), ("xoxa-", 8), ("xoxr-", 8), ("xoxs-", 8), ("xoxo-", 8), ("xoxe-", 8),
    ("xoxe.xox", 16),
    # Not in that file: what their vendors' own pages say.
    ("whsec_", 12), ("sbp_", 20), ("gsk_", 20), ("r8_", 20), ("xai-", 24), ("dckr_pat_", 16),
    ("dckr_oat_", 16), ("hvr.", 20), ("tskey-auth-", 10), ("tskey-api-", 10), ("sk-", 16),
    ("AGE-SECRET-KEY-1", 20), ("sntrya_", 24), ("secret_", 40), ("figd_", 24), ("nvapi-", 24),
    ("sk-ant-", 16), ("hooks.zapier.com/hooks/catch/", 8), ("pk_live_", 10), ("mlsn.", 24),
)  # fmt: skip

# The vendor in the name, and the least number of letters and digits of its keys.
_LENGTHS = {
    "adafruit": 32, "adobe": 32, "airtable": 17, "algolia": 32, "alibaba": 30, "artifactory": 64,
    "asana": 16, "atlassian": 24, "beamer": 44, "bitbucket": 32, "bittrex": 32, "cloudflare": 37,
    "cloudant": 24, "codecov": 32, "cohere": 40, "coinbase": 64, "confluence": 24, "confluent": 16,
    "contentful": 43, "datadog": 32, "discord": 32, "droneci": 32, "dropbox": 15, "etsy": 24,
    "facebook": 32, "fastly": 32, "finicity": 20, "finnhub": 20, "flickr": 32, "freshbooks": 64,
    "gitter": 40, "gocardless": 40, "heroku": 36, "hubspot": 36, "intercom": 60, "jfrog": 64,
    "jira": 24, "kraken": 80, "kucoin": 24, "launchdarkly": 40, "linkedin": 14, "looker": 20,
    "mailchimp": 32, "mailgun": 32, "mapbox": 60, "mattermost": 26, "meraki": 40,
    "messagebird": 25, "message-bird": 25, "message_bird": 25, "netlify": 40, "newrelic": 40,
    "new-relic": 40, "new_relic": 40, "nytimes": 32, "okta": 42, "plaid": 24, "privateai": 32,
    "private_ai": 32, "rapidapi": 50, "sendbird": 36, "sentry": 64, "snyk": 36, "softlayer": 64,
    "sonar": 40, "squarespace": 36, "sumologic": 14, "telegram": 40, "travis": 22, "twilio": 32,
    "twitch": 30, "twitter": 25, "typeform": 40, "yandex": 38, "zendesk": 40,
}  # fmt: skip
VENDOR_VALUES: dict[str, re.Pattern[str]] = {
    vendor: regex(rf"(?=[^\s]*\d)(?=[^\s]*[A-Za-z])[\w=+/.:%-]{{{least},400}}")
    for vendor, least in _LENGTHS.items()
}

# What has dots, dashes or digits of its own where the vendor put them.
FORMS: tuple[tuple[str, str], ...] = (
    # parts in lower case one of which must occur, and the form
    ("akia asia abia acca a3t", r"A(?:KIA|SIA|BIA|CCA|3T[A-Z0-9])[A-Z0-9]{16}\b"),
    ("pat", r"pat[A-Za-z0-9]{14}\.[a-f0-9]{32,}"),
    ("q~", r"[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{28,}"),
    (".atlasv1.", r"[A-Za-z0-9]{14}\.atlasv1\.[\w=-]{24,}"),
    (
        ".acc_ .acc-",
        r"(?:sc|ext|scauth|authress)_[A-Za-z0-9]{5,30}\.[A-Za-z0-9]{4,6}\.acc[_-][\w.+/=-]{30,}",
    ),
    ("| %7c", r"\d{15,16}(?:\||%7[Cc])[\w-]{27,40}"),
    ("-us", r"[0-9a-z]{32}-us\d{1,2}\b"),
    ("_mmk", r"[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk\b"),
    ("t1.", r"t1\.[\w-]{6,}={0,2}\.[\w-]{40,}={0,2}"),
    (":a", r"(?:bot)?\d{5,16}:A[\w-]{24,}"),
    ("sk", r"SK[0-9a-fA-F]{32}\b"),
    ("api-", r"api-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"),
    # detect-secrets, plugins/discord.py and plugins/artifactory.py
    ("", r"[MNO](?<![\w.~+/-].)[A-Za-z\d_-]{15,27}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,}"),
    ("akc", r"AKC[A-Za-z0-9]{20,}"),
)
# Words of letters, digits and dashes that are a token as a whole.
WORDS = regex(r"[a-h0-9]{32}-[a-h0-9]{8}-[a-h0-9]{8}")
