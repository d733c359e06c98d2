import type { CountryCode, CurrencyCode } from "../base/units.js";

/**
 * A currency that no rate can have: stated, but no code. Never converts, so never leads to a bid.
 */
export const unknownCurrency = 1 as CurrencyCode;

/** Three ASCII letters of any case, packed (first letter highest); 0 = anything else. */
function packLetters(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== 3) return 0;
  let code = 0;
  for (let at = start; at < end; at++) {
    const upper = bytes[at]! & 0xdf;
    if (upper < 65 || upper > 90) return 0;
    code = (code << 8) | upper;
  }
  return code;
}

/**
 * An ISO 4217 code; `unknownCurrency` for text that is none, 0 for empty text. Codes are upper
 * case: who asks for "usd" would compare our "USD" with it and throw the answer away.
 */
export function currencyFrom(bytes: Uint8Array, start: number, end: number): CurrencyCode {
  if (end <= start) return 0 as CurrencyCode;
  const code = packLetters(bytes, start, end);
  return code === 0 || hasLowerCase(bytes, start, end) ? unknownCurrency : (code as CurrencyCode);
}

function hasLowerCase(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at]! >= 97) return true;
  return false;
}

/**
 * ISO 3166-1, alpha-2 then alpha-3. OpenRTB asks for alpha-3; alpha-2 is a frequent mistake.
 * XK/XKX is user-assigned (Kosovo) and in general use.
 */
const countries =
  "ADAND AEARE AFAFG AGATG AIAIA ALALB AMARM AOAGO AQATA ARARG ASASM ATAUT AUAUS AWABW AXALA " +
  "AZAZE BABIH BBBRB BDBGD BEBEL BFBFA BGBGR BHBHR BIBDI BJBEN BLBLM BMBMU BNBRN BOBOL BQBES " +
  "BRBRA BSBHS BTBTN BVBVT BWBWA BYBLR BZBLZ CACAN CCCCK CDCOD CFCAF CGCOG CHCHE CICIV CKCOK " +
  "CLCHL CMCMR CNCHN COCOL CRCRI CUCUB CVCPV CWCUW CXCXR CYCYP CZCZE DEDEU DJDJI DKDNK DMDMA " +
  "DODOM DZDZA ECECU EEEST EGEGY EHESH ERERI ESESP ETETH FIFIN FJFJI FKFLK FMFSM FOFRO FRFRA " +
  "GAGAB GBGBR GDGRD GEGEO GFGUF GGGGY GHGHA GIGIB GLGRL GMGMB GNGIN GPGLP GQGNQ GRGRC GSSGS " +
  "GTGTM GUGUM GWGNB GYGUY HKHKG HMHMD HNHND HRHRV HTHTI HUHUN IDIDN IEIRL ILISR IMIMN ININD " +
  "IOIOT IQIRQ IRIRN ISISL ITITA JEJEY JMJAM JOJOR JPJPN KEKEN KGKGZ KHKHM KIKIR KMCOM KNKNA " +
  "KPPRK KRKOR KWKWT KYCYM KZKAZ LALAO LBLBN LCLCA LILIE LKLKA LRLBR LSLSO LTLTU LULUX LVLVA " +
  "LYLBY MAMAR MCMCO MDMDA MEMNE MFMAF MGMDG MHMHL MKMKD MLMLI MMMMR MNMNG MOMAC MPMNP MQMTQ " +
  "MRMRT MSMSR MTMLT MUMUS MVMDV MWMWI MXMEX MYMYS MZMOZ NANAM NCNCL NENER NFNFK NGNGA NINIC " +
  "NLNLD NONOR NPNPL NRNRU NUNIU NZNZL OMOMN PAPAN PEPER PFPYF PGPNG PHPHL PKPAK PLPOL PMSPM " +
  "PNPCN PRPRI PSPSE PTPRT PWPLW PYPRY QAQAT REREU ROROU RSSRB RURUS RWRWA SASAU SBSLB SCSYC " +
  "SDSDN SESWE SGSGP SHSHN SISVN SJSJM SKSVK SLSLE SMSMR SNSEN SOSOM SRSUR SSSSD STSTP SVSLV " +
  "SXSXM SYSYR SZSWZ TCTCA TDTCD TFATF TGTGO THTHA TJTJK TKTKL TLTLS TMTKM TNTUN TOTON TRTUR " +
  "TTTTO TVTUV TWTWN TZTZA UAUKR UGUGA UMUMI USUSA UYURY UZUZB VAVAT VCVCT VEVEN VGVGB VIVIR " +
  "VNVNM VUVUT WFWLF WSWSM XKXKX YEYEM YTMYT ZAZAF ZMZMB ZWZWE";

/** The packed alpha-3 code at (first letter x 26 + second letter) of alpha-2; 0 = not assigned. */
const alpha3 = new Uint32Array(26 * 26);
for (const entry of countries.split(" ")) {
  const [first, second, ...rest] = Array.from(entry, (letter) => letter.charCodeAt(0));
  alpha3[(first! - 65) * 26 + (second! - 65)] = (rest[0]! << 16) | (rest[1]! << 8) | rest[2]!;
}

/** A country from alpha-3 or alpha-2 of any case; 0 = anything else. */
export function countryFrom(bytes: Uint8Array, start: number, end: number): CountryCode {
  if (end - start !== 2) return packLetters(bytes, start, end) as CountryCode;
  const first = (bytes[start]! & 0xdf) - 65;
  const second = (bytes[start + 1]! & 0xdf) - 65;
  if (first < 0 || first > 25 || second < 0 || second > 25) return 0 as CountryCode;
  return alpha3[first * 26 + second]! as CountryCode;
}
