// Entry of the lesson page.
import '../styles/base.css';
import '../styles/lesson.css';
import { startPageLanguage } from '../i18n/catalogue.ts';
import { defineLesson } from '../lesson/elements/define.ts';

startPageLanguage();
defineLesson();
