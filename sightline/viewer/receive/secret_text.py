"""How secrets look in free text; every pattern is linear, whatever it is given."""

import re

# The groups that stay in front of the mask.
KEPT = ("scheme", "basic", "sql", "cookies", "pair", "user", "token")

# What follows a key is bounded, so that no text can make the search slow.
SECRET_TEXT = re.compile(
    r"""(?aix)
      (?P<scheme> \b bearer \s{1,16} ) (?! \*{4} ) [\w.~+/=-]{6,}
    | (?P<basic> \b basic \s{1,16} ) (?-i: [A-Za-z0-9+/]+ [A-Z0-9+/=] [A-Za-z0-9+/=]* )
    | \b eyJ[\w-]{6,2048} \. [\w-]{6,} (?: \. [\w-]* )?
    | (?P<sql> \[parameters:\ ) (?! \*{4} | \[REDACTED ) (?s: .*? ) (?= \]\n | \]?\Z )
    | (?P<cookies> \b cookie \s{0,4} : \s{0,4} ) (?! \*{4} | \[REDACTED | ["'] ) [^\r\n"']+
    | (?P<pair>
        (?: authorization | cookie | passw(?:or)?d | passphrase | passcode | pwd | secret
          | token (?! s\b | i[sz] ) | credential | (?:api|access|private)[_-]?key
          | card[ ._-]?(?:number|num|no) | cvv2? | cvc2? | signature | session[_-]?id
          | (?<![A-Za-z0-9]) (?: sig | pan | pin | otp | ssn | iban | jwt
            | csrf | xsrf ) (?! [\w-] )
        ) (?! [_-]?(?:count|length|type|limit|ms)\b )
        [\w-]{0,20} (?: \\?["'] )? \s{0,4} (?: => | [=:] ) \s{0,4}
        (?: (?P<quote> ["'] ) | (?P<escaped> \\["'] ) )? )
      (?! \*{4} | \[REDACTED | (?:bearer|basic|digest)\s{1,4}(?: \*{4} | \[REDACTED ) )
      (?(quote) (?: (?!(?P=quote)) [^\\] | \\. )+ | (?(escaped) [^"'\\]+
        | (?: (?:bearer|basic|digest) \s{1,4} )? [^\s"'&;,<>{}\[\]()\\]+ ) )
    | (?P<user> :// [^/@\s:"']{0,128} : ) (?! \*{4} ) [^/@\s"']{1,256} (?= @ )
    | (?P<token> :// ) (?! \*{4} | \[REDACTED ) [^/@\s:"']{20,256} (?= @ )
    """
)
CARD_TEXT = re.compile(
    r"""(?ax) (?<! \d ) (?<! \d\. ) (?:
      [2-6]\d{12,18} (?! \d )
    | [2-6]\d{3} (?P<gap>[ .-]) \d{4} (?P=gap) \d{4} (?P=gap) \d{1,7} (?! [0-9A-Za-z] )
    | 3[47]\d{2} (?P<amex>[ .-]) \d{6} (?P=amex) \d{5} (?! [0-9A-Za-z] )
    )"""
)
