import type { Chance } from './chance.ts';

/** A name with the sex it was made for, which sets the age of retirement. */
export interface GivenName {
  readonly name: string;
  readonly sex: 'female' | 'male';
}

// The most frequent surnames first: drawing the smaller of two numbers makes them as frequent as they should be.
const SURNAMES = Array.from(
  '王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹' +
    '彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金' +
    '石廖贾夏韦傅方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵' +
    '万钱严覃武戴莫孔向汤钮费柳盛俞浦',
);

const FEMALE = {
  before1960: Array.from('秀英桂兰珍玉凤珠芬莲妹金宝娥仙素月香彩琴'),
  before1990: Array.from('丽芳娟敏静红霞燕萍玲华艳梅莉洁云慧琳勤美'),
  later: Array.from('雨婷欣怡梓涵诗思佳雯悦萱语桐若熙瑶菲可馨'),
} as const;

const MALE = {
  before1960: Array.from('国根金福林泉荣生德明兴宝祥文祖水宏庆财坤'),
  before1990: Array.from('建伟强军勇峰斌杰明辉平志刚俊涛超毅晓东健'),
  later: Array.from('浩宇轩子睿博文泽辰昊铭俊奕晨嘉豪梓乐天佑'),
} as const;

function generationOf(birthYear: number): keyof typeof FEMALE {
  if (birthYear < 1960) return 'before1960';
  return birthYear < 1990 ? 'before1990' : 'later';
}

/** A name as people of that year of birth bear them: a common surname, one or two characters in fashion then. */
export function makeName(chance: Chance, birthYear: number): GivenName {
  const surname = SURNAMES[Math.min(chance.below(SURNAMES.length), chance.below(SURNAMES.length))] ?? '王';
  const sex = chance.hits(510) ? 'female' : 'male';
  const characters = (sex === 'female' ? FEMALE : MALE)[generationOf(birthYear)];
  const first = chance.pick(characters);
  return { name: surname + first + (chance.hits(180) ? '' : chance.pick(characters)), sex };
}
