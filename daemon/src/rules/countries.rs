//! Job: the code of a country whose name was written in its place.
//! Takes: a name, of any case and with or without accents.
//! Gives: its ISO 3166 code.
//! Never: refuses a code; what two letters mean is the feed's affair.

use super::fold::fold;

/// Codes and names as an admin would write them.
const NAMES: &str = "AD Andorra;AE United Arab Emirates;AE UAE;AF Afghanistan;AL Albania;\
AM Armenia;AO Angola;AR Argentina;AT Austria;AT Österreich;AU Australia;AZ Azerbaijan;\
BA Bosnia and Herzegovina;BB Barbados;BD Bangladesh;BE Belgium;BF Burkina Faso;BG Bulgaria;\
BH Bahrain;BN Brunei;BO Bolivia;BR Brazil;BR Brasil;BS Bahamas;BT Bhutan;BW Botswana;BY Belarus;\
BZ Belize;CA Canada;CD Congo;CH Switzerland;CH Schweiz;CI Ivory Coast;CL Chile;CM Cameroon;\
CN China;CO Colombia;CR Costa Rica;CU Cuba;CV Cape Verde;CY Cyprus;CZ Czechia;CZ Czech Republic;\
DE Germany;DE Deutschland;DK Denmark;DK Danmark;DM Dominica;DO Dominican Republic;DZ Algeria;\
EC Ecuador;EE Estonia;EG Egypt;ES Spain;ES España;ET Ethiopia;FI Finland;FI Suomi;FJ Fiji;\
FO Faroe Islands;FR France;GB United Kingdom;GB Great Britain;GB England;GB Scotland;GE Georgia;\
GH Ghana;GL Greenland;GR Greece;GT Guatemala;GU Guam;HK Hong Kong;HN Honduras;HR Croatia;\
HT Haiti;HU Hungary;ID Indonesia;IE Ireland;IL Israel;IN India;IQ Iraq;IR Iran;IS Iceland;\
IT Italy;IT Italia;JM Jamaica;JO Jordan;JP Japan;KE Kenya;KH Cambodia;KR South Korea;KR Korea;\
KW Kuwait;KZ Kazakhstan;LA Laos;LB Lebanon;LI Liechtenstein;LK Sri Lanka;LT Lithuania;\
LU Luxembourg;LV Latvia;LY Libya;MA Morocco;MC Monaco;MD Moldova;ME Montenegro;MG Madagascar;\
MK North Macedonia;MM Myanmar;MM Burma;MN Mongolia;MO Macao;MT Malta;MU Mauritius;MV Maldives;\
MX Mexico;MY Malaysia;MZ Mozambique;NA Namibia;NG Nigeria;NI Nicaragua;NL Netherlands;NL Holland;\
NO Norway;NO Norge;NP Nepal;NZ New Zealand;OM Oman;PA Panama;PE Peru;PG Papua New Guinea;\
PH Philippines;PK Pakistan;PL Poland;PR Puerto Rico;PT Portugal;PY Paraguay;QA Qatar;RO Romania;\
RS Serbia;RU Russia;RW Rwanda;SA Saudi Arabia;SC Seychelles;SE Sweden;SE Sverige;SG Singapore;\
SI Slovenia;SK Slovakia;SN Senegal;SV El Salvador;SY Syria;TH Thailand;TN Tunisia;TR Turkey;\
TR Türkiye;TT Trinidad and Tobago;TW Taiwan;TZ Tanzania;UA Ukraine;UG Uganda;US United States;\
US USA;US America;UY Uruguay;UZ Uzbekistan;VA Vatican;VE Venezuela;VN Vietnam;VU Vanuatu;\
WS Samoa;XK Kosovo;YE Yemen;ZA South Africa;ZM Zambia;ZW Zimbabwe";

/// The code of the country of this name.
pub(crate) fn code_of(name: &str) -> Option<&'static str> {
    let wanted = fold(name.trim());
    NAMES
        .split(';')
        .filter_map(|entry| entry.split_once(' '))
        .find(|(_, known)| fold(known) == wanted)
        .map(|(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_s_name_is_answered_with_its_code() {
        for (name, code) in [("Thailand", "TH"), ("turkiye", "TR"), (" LAOS ", "LA")] {
            assert_eq!(code_of(name), Some(code));
        }
        assert_eq!(code_of("Atlantis"), None);
        let odd = NAMES.split(';').find(|e| e.as_bytes().get(2) != Some(&b' ') || e.len() < 6);
        assert_eq!(odd, None);
    }
}
