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
    ("lsv2_", 20), ("pcsk_", 24), ("tvly-", 20), ("jina_", 30), ("tgp_v1_", 20), ("csk-", 30),
    ("esecret_", 16), ("signkey-", 24), ("napi_", 30), ("npg_", 8), ("sb_secret_", 16),
    ("xau_", 24), ("CCDB1_", 24), ("mdb_sa_sk_", 20), ("AVNS_", 12), ("essu_", 24),
    ("ATBB", 24), ("ATCTT3", 20), ("ATTA", 40), ("CCIPAT_", 20), ("CCIPRJ_", 20), ("bkua_", 24),
    ("vercel_blob_rw_", 20), ("nfp_", 24), ("rnd_", 20), ("nbp_", 24), ("secret-live-", 24),
    ("secret-test-", 24), ("phx_", 30), ("phc_", 30), ("dbtc_", 24), ("dbtu_", 24),
    ("lin_oauth_", 24),
    ("amzn.mws.", 24), ("alcht_", 20), ("CFPAT-", 24), ("y0_", 40), ("AKLT", 36),
    ("ALTAK-", 16), ("bce-v3/", 24), ("IQoJb3JpZ2lu", 40), ("FwoGZXIvYXdz", 40),
    ("FQoGZXIvYXdz", 40), ("cfut_", 24), ("cfat_", 24), ("dp.scim.", 20), ("dp.audit.", 20),
    ("fnA", 30), ("packagist_", 24), ("tskey-", 10), ("apify_api_", 20), ("scp-live-", 20),
    ("scp-test-", 20), ("ddp_", 24), ("m0-", 30), ("BQIAAAB", 30), ("gAAAAA", 40),
    ("MDAx", 60), ("MDAy", 60), ("v4.local.", 24), ("v4.public.", 24), ("v3.local.", 24),
    ("v3.public.", 24), ("v2.local.", 24), ("v2.public.", 24),
)  # fmt: skip

# The vendor in the name, and the least number of letters and digits of its keys.
_LENGTHS = {
    "adafruit": 32, "adobe": 32, "airtable": 17, "algolia": 32, "alibaba": 30, "artifactory": 64,
    "asana": 16, "atlassian": 24, "beamer": 44, "bitbucket": 32, "bittrex": 32, "cloudflare": 37,
    "cloudant": 24, "codecov": 32, "cohere": 40, "coinbase": 64, "confluence": 24, "confluent": 16,
    "contentful": 43, "datadog": 32, "discord": 32, "droneci": 32, "dropbox": 15, "etsy": 24,
    "facebook": 32, "fastly": 32, "finicity": 20, "finnhub": 20, "flickr": 32, "freshbooks": 64,
    "gitter": 40, "gocardless": 40, "heroku": 36, "honeycomb": 22, "hubspot": 36, "intercom": 60,
    "jfrog": 64,
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
    # What their vendors' own pages say.
    ("ngrok", r"[A-Za-z0-9]{27}_[A-Za-z0-9]{20,24}(?!\w)"),
    ("", r":(?<=[\w-]{6}\.[\w-]{6}:)(?P<secret>[\w-]{43})(?![\w-])"),
    ("bootstrap kubeadm", r"[a-z0-9]{6}\.(?=[a-z]{0,15}\d)[a-z0-9]{16}(?![\w.-])"),
    (":apa91b", r"[\w-]{11}:APA91b[\w-]{80,}"),
    (
        ":production. :development. :staging. :test.",
        r"(?:\*|[\w-]{1,40}):[a-z]{4,11}\.[0-9a-f]{56,64}\b",
    ),
    # Keys of Azure say in their last characters what they are of.
    (
        "+ast +acr +aba +amc +aeh +asb +aio acdb azfu azse azca azdo",
        (
            r"[A-Za-z0-9+/_-]{30,90}?(?:\+A(?:St|CR|Ba|MC|Eh|Sb|Io)|ACDb|A[zZ](?:Fu|Se|Ca|DO))"
            r"[\w+/-]{4,8}={0,2}"
        ),
    ),
    # Many vendors of payments say in them whether keys are for a test.
    (
        "_live_ _test_ _prod_",
        (
            r"[a-z]{2,8}_(?:live|test|prod)_(?=[A-Za-z]{0,40}\d)(?=[a-z0-9]{0,40}[A-Z])"
            r"(?=[A-Z0-9]{0,40}[a-z])[A-Za-z0-9]{14,}"
        ),
    ),
)
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
# How a token begins, and what must follow where a number of characters would not say enough.
STARTED: tuple[tuple[str, str], ...] = (
    ("sk_", r"[0-9a-f]{48}\b"), ("ck_", r"[0-9a-f]{40}\b"), ("cs_", r"[0-9a-f]{40}\b"),
    ("e2b_", r"[0-9a-f]{40}\b"), ("key_", r"[0-9a-f]{64}\b"), ("cu_", r"[0-9a-f]{32}\b"),
    ("fc-", r"[0-9a-f]{32}\b"), ("nv-", r"[0-9a-f]{32}\b"), ("dose", r"[0-9a-f]{32}\b"),
    ("11", r"[0-9a-f]{32}\b"), ("AC", r"[0-9a-f]{32}:[0-9a-f]{32}\b"),
    ("st.", r"[0-9a-f]{24}\.[0-9a-f]{32}\.[0-9a-f]{32}\b"),
    ("sdk-", _UUID), ("mob-", _UUID), ("xaat-", _UUID), ("xapt-", _UUID), ("waka_", _UUID),
    ("pat-", rf"(?:na|eu|ap)\d-{_UUID}"),
    ("0.", rf"{_UUID}\.[A-Za-z0-9]{{30}}:[A-Za-z0-9+/]{{22}}=="),
    ("token-", r"[a-z0-9]{5}:[a-z0-9]{54}\b"), ("oy2", r"[a-z0-9]{43}\b"),
    ("hc", r"[a-z]{1,3}k_[a-z0-9]{50,}"), ("1/1", r"\d{9,19}(?:/\d{10,20})?:[0-9a-f]{32}\b"),
    ("snyk_", r"[a-z]{3}\.[0-9a-f]{8}\.[\w-]{40,}"), ("fw_", r"[A-Za-z0-9]{22,}"),
    ("cio", r"[A-Za-z0-9]{32}\b"), ("AKID", r"[A-Za-z0-9]{32}\b"), ("NF-", r"[A-Za-z0-9]{32}\b"),
    ("pa-", r"[\w-]{40,}"), ("sl.", r"(?:u\.)?[\w-]{100,}"), ("1//0", r"[\w-]{40,}"),
    ("AQE", r"[A-Za-z0-9+/=-]{60,}"), ("sk", r"[A-Za-z0-9]{150,}"),
    ("secret-", r"[A-Za-z0-9]{40,}"), ("re_", r"[A-Za-z0-9]{8}_[A-Za-z0-9]{20,}"),
    ("pk_", r"\d{6,9}_[A-Z0-9]{32}\b"), ("KEY", r"[0-9A-Z]{32}_[A-Za-z0-9]{22}\b"),
    ("u+", r"(?=[\w-]{0,17}\d)(?=[\w-]{0,17}[A-Za-z])[\w-]{18}(?![\w-])"),
    ("ak_", r"(?=[a-z0-9-]{0,17}[A-Z])(?=[A-Za-z-]{0,17}\d)[A-Za-z0-9-]{18,}"),
    ("dt0", r"[a-z]\d\d\.[A-Z0-9]{8,24}\.[A-Z0-9]{32,}"), ("00D", r"[A-Za-z0-9]{12,15}![\w.]{40,}"),
    ("SUA", r"[A-Z2-7]{55}\b"), ("SAA", r"[A-Z2-7]{55}\b"),
    ("brd-customer-", r"[\w-]{1,80}:\w{8,}"), ("biscuit:", r"[\w=-]{40,}"),
    ("access_token$", r"(?:production|sandbox)\$[a-z0-9]{16}\$[0-9a-f]{32}\b"),
)  # fmt: skip
# Hosts, and the part of the path behind them that is a secret.
HOOKS: tuple[tuple[str, str], ...] = (
    ("webhook.office.com", r"[\w/@-]{10,}"), ("hooks.zapier.com", r"[\w/@-]{10,}"),
    ("maker.ifttt.com", r"[\w/@-]{10,}"), ("make.com", r"[a-z0-9]{24,}"),
    ("events.pagerduty.com", r"[\w/-]{0,40}?[0-9a-f]{32}"), ("hc-ping.com", r"[\w/-]{16,}"),
    ("nosnch.in", r"[0-9a-f]{8,}"), ("betterstack.com", r"api/v1/heartbeat/\w{16,}"),
    ("datadoghq.com", r"(?:api/)?v\d/input/\w{16,}"),
    ("datadoghq.eu", r"(?:api/)?v\d/input/\w{16,}"),
    ("loggly.com", r"(?:inputs|bulk)/[\w-]{16,}"),
    ("sumologic.com", r"receiver/v1/http/[\w=-]{16,}"),
    ("alchemy.com", r"(?:nft/)?v\d/[\w-]{16,}"), ("infura.io", r"(?:ws/)?v\d/[0-9a-f]{16,}"),
    ("quiknode.pro", r"[0-9a-f]{16,}"),
    ("calendar.google.com", r"calendar/ical/[^/\s]{1,200}/private-\w{8,}"),
    ("checkout.stripe.com", r"[\w/]{0,20}cs_\w{16,}"), ("hooks.slack-gov.com", r"[\w/-]{10,}"),
)  # fmt: skip
# Words of letters, digits and dashes that are a token as a whole.
WORDS = regex(r"[a-h0-9]{32}-[a-h0-9]{8}-[a-h0-9]{8}")
