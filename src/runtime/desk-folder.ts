import { entitiesIn, type FileEntity } from "../admin/desk/file-entities.js";
import type { PrivacySettings } from "../bid/consent.js";
import { parseSource, type SourceDocument, type SourceFile } from "../campaign/document.js";
import { hasErrors, type Issue } from "../campaign/issue.js";
import {
  type BesideCampaigns,
  isBidderFile,
  kindOfFile,
  readBeside,
  readCampaigns,
} from "../campaign/load.js";
import { readConfigFolder } from "./config-folder.js";
import { issueOf, priceKeyIssues, readPrivacy } from "./read-config.js";

/** A config folder as it is now. */
export type FolderLook = {
  readonly files: readonly SourceFile[];
  /** Of campaigns/ and deals.yaml; null: one of these files is wrong in form. */
  readonly entities: readonly FileEntity[] | null;
  readonly campaignIssues: readonly Issue[];
  /** null: one of the files beside them cannot be used. The same object while no text changes. */
  readonly beside: BesideCampaigns | null;
  readonly privacy: PrivacySettings | null;
  readonly besideIssues: readonly Issue[];
};

/** Looks at a config folder again and again, and reads anew only what has another text. */
export class DeskFolder {
  private readonly folder: string;
  private documents = new Map<string, SourceDocument>();
  private besideText = "";
  private besideRead: ReturnType<typeof readBeside> = { beside: null, issues: [] };

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Never throws: what cannot be read is an issue. */
  look(): FolderLook {
    try {
      return this.lookAt(readConfigFolder(this.folder, isBidderFile));
    } catch (error) {
      const message = error instanceof Error ? error.message : "the folder cannot be read";
      const issue = issueOf(this.folder, message);
      const nothing = { files: [], entities: null, campaignIssues: [] };
      return { ...nothing, beside: null, privacy: null, besideIssues: [issue] };
    }
  }

  private lookAt(files: readonly SourceFile[]): FolderLook {
    const own = files.filter(({ name }) => kindOfFile(name) === "campaign");
    const seen = new Map<string, SourceDocument>();
    const parse = (file: SourceFile): SourceDocument => {
      const last = this.documents.get(file.name);
      const document = last?.source.text === file.text ? last : parseSource(file);
      seen.set(file.name, document);
      return document;
    };
    const { campaigns, issues } = readCampaigns(own, parse);
    this.documents = seen;
    const campaignIssues = [...issues];
    const entities = entitiesIn(campaigns, campaignIssues);
    const { beside, issues: besideIssues } = this.readBeside(
      files.filter(({ name }) => kindOfFile(name) !== "campaign"),
    );
    const keyIssues = beside === null ? [] : priceKeyIssues(beside, this.folder);
    const privacy = readPrivacy(this.folder);
    return {
      ...{ files: own, entities: hasErrors(campaignIssues) ? null : entities, campaignIssues },
      beside: keyIssues.length === 0 ? beside : null,
      privacy: privacy.settings,
      besideIssues: [...besideIssues, ...keyIssues, ...privacy.issues],
    };
  }

  private readBeside(files: readonly SourceFile[]): ReturnType<typeof readBeside> {
    const text = JSON.stringify(files.map((file) => [file.name, file.text]));
    if (text !== this.besideText) {
      this.besideRead = readBeside(files);
      this.besideText = text;
    }
    return this.besideRead;
  }
}
