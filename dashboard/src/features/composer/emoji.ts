/** Emoji that agents use, by what they are called; a chunk of its own, read when first wanted. */
export interface Emoji {
  char: string
  /** English names, the first one is shown. */
  names: string
}

const data = {
  faces: `
    😀 grinning face, smile happy; 😃 smiling face with open mouth, smile happy; 😄 smiling face with open mouth and smiling eyes, smile happy; 😁 grinning face with smiling eyes, grin beaming; 😆 smiling face with open mouth and tightly-closed eyes, laugh;
    😅 smiling face with open mouth and cold sweat, smile relief; 🤣 rolling on the floor laughing, rofl laugh; 😂 face with tears of joy, laugh; 🙂 slightly smiling face, slight smile; 🙃 upside-down face, upside down;
    😉 winking face, wink; 😊 smiling face with smiling eyes, blush smile; 😇 smiling face with halo, angel innocent; 🥰 smiling face with smiling eyes and three hearts, love; 😍 smiling face with heart-shaped eyes, heart love;
    🤩 grinning face with star eyes; 😘 face throwing a kiss; 😗 kissing face; 😚 kissing face with closed eyes; 😙 kissing face with smiling eyes;
    😋 face savouring delicious food, yum; 😛 face with stuck-out tongue; 😜 face with stuck-out tongue and winking eye; 🤪 grinning face with one large and one small eye; 😝 face with stuck-out tongue and tightly-closed eyes;
    🤑 money-mouth face; 🤗 hugging face, hug; 🤭 smiling face with smiling eyes and hand covering mouth; 🤫 face with finger covering closed lips; 🤔 thinking face, hmm;
    🤐 zipper-mouth face; 🤨 face with one eyebrow raised; 😐 neutral face; 😑 expressionless face; 😶 face without mouth;
    😏 smirking face; 😒 unamused face; 🙄 face with rolling eyes, eye roll; 😬 grimacing face, grimace; 🤥 lying face;
    😌 relieved face; 😔 pensive face, sad; 😪 sleepy face; 🤤 drooling face; 😴 sleeping face, sleep;
    😷 face with medical mask, ill; 🤒 face with thermometer, ill fever; 🤕 face with head-bandage; 🤢 nauseated face; 🤮 face with open mouth vomiting;
    🤧 sneezing face; 🥵 overheated face; 🥶 freezing face; 🥴 face with uneven eyes and wavy mouth; 😵 dizzy face;
    🤯 shocked face with exploding head, mind blown; 🤠 face with cowboy hat; 🥳 face with party horn and party hat; 😎 smiling face with sunglasses, cool; 🤓 nerd face;
    🧐 face with monocle; 😕 confused face; 😟 worried face; 🙁 slightly frowning face, sad frown; 😮 face with open mouth, wow;
    😯 hushed face; 😲 astonished face; 😳 flushed face; 🥺 face with pleading eyes; 😦 frowning face with open mouth;
    😧 anguished face; 😨 fearful face; 😰 face with open mouth and cold sweat; 😥 disappointed but relieved face; 😢 crying face, cry sad;
    😭 loudly crying face, sob cry; 😱 face screaming in fear, scream; 😖 confounded face; 😣 persevering face; 😞 disappointed face;
    😓 face with cold sweat; 😩 weary face; 😫 tired face; 🥱 yawning face; 😤 face with look of triumph, huff;
    😡 pouting face, angry rage; 😠 angry face; 🤬 serious face with symbols covering mouth; 😈 smiling face with horns; 👿 imp;
    💀 skull; 💩 pile of poo, poop; 🤡 clown face; 👻 ghost; 👽 extraterrestrial alien;
    🤖 robot face, bot;
  `,
  people: `
    👋 waving hand sign, wave hello bye; 🤚 raised back of hand; ✋ raised hand, stop high five; 🖖 raised hand with part between middle and ring fingers; 👌 ok hand sign, perfect;
    🤏 pinching hand; ✌️ victory hand, peace; 🤞 hand with index and middle fingers crossed, luck; 🤟 i love you hand sign; 🤘 sign of the horns;
    🤙 call me hand; 👈 left pointing backhand index; 👉 right pointing backhand index; 👆 up pointing backhand index; 👇 down pointing backhand index;
    ☝️ up pointing index; 👍 thumbs up sign, yes +1 like; 👎 thumbs down sign, no; ✊ raised fist; 👊 fisted hand sign;
    🤛 left-facing fist; 🤜 right-facing fist; 👏 clapping hands sign, clap applause; 🙌 person raising both hands in celebration, hooray raised; 👐 open hands sign;
    🤲 palms up together; 🤝 handshake, deal; 🙏 folded hands, pray please thanks; 💪 flexed biceps, strong muscle; 🧠 brain;
    👀 eyes, look; 👶 baby; 🧒 child; 👦 boy; 👧 girl;
    🧑 adult; 👱 person with blond hair; 👨 man; 👩 woman; 👴 older man;
    👵 older woman; 🙍 person frowning; 🙅 face with no good gesture; 🙆 face with ok gesture; 💁 information desk person;
    🙋 happy person raising one hand, raise; 🙇 person bowing deeply, bow sorry; 🤦 face palm, facepalm; 🤷 shrug; 👮 police officer;
    🕵️ sleuth or spy; 💂 guardsman; 👷 construction worker; 🤴 prince; 👸 princess;
    🤰 pregnant woman; 🎅 father christmas; 🦸 superhero; 🧙 mage; 🚶 pedestrian;
    🏃 runner; 💃 dancer; 🕺 man dancing;
  `,
  hearts: `
    💘 heart with arrow; 💝 heart with ribbon; 💖 sparkling heart; 💗 growing heart; 💓 beating heart;
    💞 revolving hearts; 💕 two hearts; 💔 broken heart; ❤️ heart, red love; 🧡 orange heart;
    💛 yellow heart; 💚 green heart; 💙 blue heart; 💜 purple heart; 🤎 brown heart;
    🖤 heart; 🤍 heart; 💯 hundred points symbol, perfect; 💢 anger symbol; 💥 collision symbol;
    💫 dizzy symbol; 💦 splashing sweat symbol; 💨 dash symbol; 💬 speech balloon; 💭 thought balloon;
    💤 sleeping symbol;
  `,
  nature: `
    🐶 dog face; 🐱 cat face; 🐭 mouse face; 🐰 rabbit face; 🦊 fox face;
    🐻 bear face; 🐼 panda face; 🐨 koala; 🐯 tiger face; 🦁 lion face;
    🐮 cow face; 🐷 pig face; 🐸 frog face; 🐵 monkey face; 🐔 chicken;
    🐧 penguin; 🐦 bird; 🦆 duck; 🦉 owl; 🐴 horse face;
    🦄 unicorn face; 🐝 honeybee; 🐛 bug; 🦋 butterfly; 🐌 snail;
    🐞 lady beetle; 🐢 turtle; 🐍 snake; 🐙 octopus; 🐠 tropical fish;
    🐬 dolphin; 🐳 spouting whale; 🐘 elephant; 🌵 cactus; 🎄 christmas tree;
    🌲 evergreen tree; 🌳 deciduous tree; 🌴 palm tree; 🌱 seedling; 🌿 herb;
    🍀 four leaf clover; 🍁 maple leaf; 🍂 fallen leaf; 🌷 tulip; 🌹 rose;
    🌻 sunflower; 🌸 cherry blossom; 🌞 sun with face; 🌝 full moon with face; 🌙 crescent moon;
    🌍 earth globe europe-africa; ⭐ medium star; 🌟 glowing star; ✨ sparkles; ⚡ high voltage sign;
    🔥 fire, hot; 🌈 rainbow; ☀️ sun with rays; ⛅ sun behind cloud; ☁️ cloud;
    🌧️ cloud with rain; ⛈️ thunder cloud and rain; ❄️ snowflake, snow; ⛄ snowman without snow; 💧 droplet;
    🌊 water wave; ☔ umbrella with rain drops;
  `,
  food: `
    🍏 green apple; 🍎 red apple; 🍐 pear; 🍊 tangerine; 🍋 lemon;
    🍌 banana; 🍉 watermelon; 🍇 grapes; 🍓 strawberry; 🍒 cherries;
    🍑 peach; 🥭 mango; 🍍 pineapple; 🥥 coconut; 🥝 kiwifruit;
    🍅 tomato; 🥑 avocado; 🥦 broccoli; 🥕 carrot; 🌽 ear of maize;
    🥔 potato; 🍞 bread; 🥐 croissant; 🧀 cheese wedge; 🥚 egg;
    🍳 cooking; 🥓 bacon; 🍔 hamburger; 🍟 french fries; 🍕 slice of pizza;
    🌭 hot dog; 🥪 sandwich; 🌮 taco; 🌯 burrito; 🥗 green salad;
    🍝 spaghetti; 🍜 steaming bowl; 🍣 sushi; 🍦 soft ice cream; 🍩 doughnut;
    🍪 cookie; 🎂 birthday cake; 🍰 shortcake; 🍫 chocolate bar; 🍬 candy;
    🍿 popcorn; ☕ hot beverage, coffee; 🍵 teacup without handle; 🍺 beer mug; 🍻 clinking beer mugs;
    🥂 clinking glasses; 🍷 wine glass;
  `,
  things: `
    ⚽ soccer ball; 🏀 basketball and hoop; 🏈 american football; 🎾 tennis racquet and ball; 🏐 volleyball;
    🎱 billiards; 🏆 trophy; 🥇 first place medal; 🎯 direct hit, target; 🎮 video game;
    🎲 game die; 🎨 artist palette; 🎬 clapper board; 🎤 microphone; 🎧 headphone;
    🎸 guitar; 🎹 musical keyboard; 🚗 automobile; 🚕 taxi; 🚌 bus;
    🚑 ambulance; 🚒 fire engine; 🚚 delivery truck; 🚲 bicycle; 🛵 motor scooter;
    ✈️ airplane; 🚀 rocket, launch; 🚁 helicopter; ⛵ sailboat; 🚢 ship;
    🚆 train; 🏠 house building, home; 🏢 office building; 🏥 hospital; 🏦 bank;
    🏨 hotel; 🏫 school; 🏪 convenience store; ⏰ alarm clock, time; ⌛ hourglass;
    📅 calendar, date; 📆 tear-off calendar; 📌 pushpin, pin; 📍 round pushpin, place pin; 📎 paperclip;
    ✂️ scissors; 🖊️ lower left ballpoint pen; ✏️ pencil; 📝 memo, note; 📁 file folder;
    📊 bar chart; 📈 chart with upwards trend; 📉 chart with downwards trend; 📋 clipboard; 📦 package, parcel delivery;
    📬 open mailbox with raised flag; 📧 e-mail symbol, email; 📨 incoming envelope; 💌 love letter; 📞 telephone receiver, phone call;
    ☎️ telephone; 📱 mobile phone; 💻 personal computer; 🖥️ desktop computer; 🖨️ printer;
    📷 camera; 📹 video camera; 🔍 left-pointing magnifying glass, search; 🔎 right-pointing magnifying glass; 💡 electric light bulb, idea;
    🔦 electric torch; 🔋 battery; 🔌 electric plug; 🔒 lock; 🔓 open lock;
    🔑 key; 🔨 hammer; 🔧 wrench, repair; 🔩 nut and bolt; ⚙️ gear;
    🧰 toolbox; 🧲 magnet; 💊 pill; 💉 syringe; 🌡️ thermometer;
    🧹 broom; 🧺 basket; 🧻 roll of paper; 🚽 toilet; 🚿 shower;
    🛁 bathtub; 🛒 shopping trolley, cart order; 🎁 wrapped present, gift; 🎈 balloon; 🎉 party popper, tada congratulations;
    🎊 confetti ball; 🎀 ribbon; 💰 money bag; 💳 credit card, payment; 💵 banknote with dollar sign;
    💶 banknote with euro sign; 💷 banknote with pound sign; 🧾 receipt, invoice; 🏷️ label; 📰 newspaper;
    📚 books; 📖 open book; 🔖 bookmark; 🔔 bell; 🔕 bell with cancellation stroke;
    📢 public address loudspeaker; 📣 cheering megaphone;
  `,
  signs: `
    ✅ check mark, done yes; ☑️ ballot box with check; ✔️ check mark; ❌ cross mark, no; ❎ negative squared cross mark;
    ➕ plus sign; ➖ minus sign; ❓ question mark ornament; ❔ question mark ornament; ❗ exclamation mark symbol, important;
    ❕ exclamation mark ornament; ⚠️ warning sign; 🚫 no entry sign; ⛔ no entry; 🔴 large red circle;
    🟠 large orange circle; 🟡 large yellow circle; 🟢 large green circle; 🔵 large blue circle; 🟣 large purple circle;
    ⚫ medium circle; ⚪ medium circle; 🔺 up-pointing red triangle; 🔻 down-pointing red triangle; ▶️ right-pointing triangle;
    ⏸️ double vertical bar; ⏹️ square for stop; ⏩ right-pointing double triangle; ⏪ left-pointing double triangle; 🔼 up-pointing small red triangle;
    🔽 down-pointing small red triangle; ➡️ rightwards arrow; ⬅️ leftwards arrow; ⬆️ upwards arrow; ⬇️ downwards arrow;
    ↗️ north east arrow; 🔄 anticlockwise downwards and upwards open circle arrows; 🔁 clockwise rightwards and leftwards open circle arrows; 🔙 back with leftwards arrow above; 🔚 end with leftwards arrow above;
    🔜 soon with rightwards arrow above; 🆗 squared ok; 🆕 squared new; 🆓 squared free; 🆘 squared sos;
    ℹ️ information source; ♻️ universal recycling symbol; 🏁 chequered flag; 🚩 triangular flag on post; 🏳️ waving flag;
    🏴 waving flag;
  `,
} as const

export type EmojiGroup = keyof typeof data
export const groups = Object.keys(data) as EmojiGroup[]

const read = (text: string): Emoji[] =>
  text
    .split(';')
    .map((one) => one.trim())
    .filter(Boolean)
    .map((one) => ({ char: one.slice(0, one.indexOf(' ')), names: one.slice(one.indexOf(' ') + 1) }))

export const emojiOf = Object.fromEntries(groups.map((g) => [g, read(data[g])])) as Record<EmojiGroup, Emoji[]>
export const allEmoji: readonly Emoji[] = groups.flatMap((g) => emojiOf[g])
